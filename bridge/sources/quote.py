"""A quote that can be sent, whatever an adapter made of it.

What is clear is repaired, what is not is dropped, and each time one sentence says so. A sentence
holds nothing of the data: it is for the log.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from bridge.model import (
    ApplyButton,
    Cart,
    Choice,
    Choices,
    Discount,
    Label,
    Prompt,
    Quote,
    Share,
    TextInput,
)
from bridge.sources.shares import ceiling, limits, spread
from bridge.sources.text import clean_id, clean_line, clean_lines

MOST_PROMPTS: Final = 24
MOST_CHOICES: Final = 50
LONGEST: Final = 500
LONGEST_LINE: Final = 100
# Of a prompt's id; longer only once something of ours is put before it.
LONGEST_ID: Final = 100

# What a guest reads where there should be words and are none.
BUTTON: Final = "Apply"
DISCOUNT: Final = "Discount"

_FEWEST_DIGITS: Final = 6


def mend(
    quote: object, cart: Cart, *, longest_id: int = LONGEST_ID
) -> tuple[Quote, tuple[str, ...]]:
    """The sound part of it for that cart, and what was wrong with the rest. Never raises.

    What it returns has the right types everywhere, ids that differ, texts without the guest's
    name and address, and a discount whose shares fit the lines and add up.
    """
    mender = _Mender(cart, longest_id)
    try:
        sound = mender.mend(quote)
    except Exception as error:  # noqa: BLE001  objects of others may do anything when looked at
        return Quote(), (f"the quote cannot be read: {type(error).__name__}",)
    return sound, tuple(mender.problems)


class _Mender:
    def __init__(self, cart: Cart, longest_id: int) -> None:
        self.problems: dict[str, None] = {}
        self._cart = cart
        self._longest_id = longest_id
        self._private = tuple(_private(cart))

    def mend(self, quote: object) -> Quote:
        if not isinstance(quote, Quote):
            self._note("the quote is not a Quote: dropped")
            return Quote()
        return Quote(prompts=self._prompts(quote.prompts), discount=self._discount(quote.discount))

    def _note(self, problem: str) -> None:
        self.problems[problem] = None

    def _prompts(self, given: object) -> tuple[Prompt, ...]:
        found = self._entries(given, MOST_PROMPTS, "the prompts")
        by_id: dict[str, Prompt] = {}
        for prompt in map(self._prompt, found):
            if prompt is None:
                continue
            if prompt.id in by_id:
                self._note("two prompts have the same id: the first is kept")
            by_id.setdefault(prompt.id, prompt)
        return tuple(by_id.values())

    def _prompt(self, given: object) -> Prompt | None:
        if not isinstance(given, Prompt):
            self._note("a prompt is of no known kind: dropped")
            return None
        own_id = self._id(given.id)
        if not own_id:
            self._note("a prompt has no usable id: dropped")
            return None
        match given:
            case Label():
                return self._label(own_id, given)
            case TextInput():
                heading = self._text(given.heading, "the heading of a text input")
                placeholder = self._text(given.placeholder, "the placeholder of a text input")
                return TextInput(id=own_id, heading=heading, placeholder=placeholder)
            case ApplyButton():
                return ApplyButton(id=own_id, text=self._text(given.text, "a button") or BUTTON)
            case Choices():
                return self._choices(own_id, given)

    def _label(self, own_id: str, given: Label) -> Label | None:
        text = self._text(given.text, "a label", LONGEST, clean_lines)
        if not text:
            self._note("a label says nothing: dropped")
            return None
        return Label(id=own_id, text=text)

    def _choices(self, own_id: str, given: Choices) -> Choices | None:
        entries = self._entries(given.choices, MOST_CHOICES, "the choices")
        choices = [choice for choice in map(self._choice, entries) if choice is not None]
        if not choices:
            self._note("choices without a choice: dropped")
            return None
        most = self._count(given.most, 1, len(choices), "most")
        least = self._count(given.least, 0, most, "least")
        return Choices(id=own_id, choices=self._chosen(choices, most), least=least, most=most)

    def _choice(self, given: object) -> Choice | None:
        text = self._text(given.text, "a choice") if isinstance(given, Choice) else ""
        if not isinstance(given, Choice) or not text:
            self._note("a choice has no text: dropped")
            return None
        selected: object = given.selected
        if not isinstance(selected, bool):
            self._note("whether a choice is selected is not true or false: taken as false")
        return Choice(text=text, selected=selected is True)

    def _chosen(self, choices: list[Choice], most: int) -> tuple[Choice, ...]:
        selected = [choice for choice in choices if choice.selected]
        if len(selected) <= most:
            return tuple(choices)
        self._note("more choices are selected than may be: the first are kept")
        kept = [id(choice) for choice in selected[:most]]
        return tuple(Choice(text=each.text, selected=id(each) in kept) for each in choices)

    def _count(self, given: object, otherwise: int, top: int, what: str) -> int:
        if type(given) is int and 0 <= given <= top:
            return given
        self._note(f"{what} of the choices does not fit them: corrected")
        return max(0, min(given if type(given) is int else otherwise, top))

    def _discount(self, given: object) -> Discount | None:
        if isinstance(given, tuple | list):
            if len(given) > 1:
                self._note("there is more than one discount: the first is kept")
            given = given[0] if given else None
        if not isinstance(given, Discount):
            if given is not None:
                self._note("the discount is not a Discount: dropped")
            return None
        # Half a cent there is not, and 5.0 may be meant as dollars.
        if type(given.amount_cents) is not int or given.amount_cents <= 0:
            self._note("the discount is not a whole number of cents above 0: dropped")
            return None
        return self._fitting(given, given.amount_cents)

    def _fitting(self, given: Discount, amount: int) -> Discount | None:
        open_lines = limits(self._cart)
        shares = self._shares(given.shares)
        named = {share.line_id for share in shares}
        # What is for some lines must not make others cheaper.
        is_for_all = not given.shares
        chosen = {one: open_lines[one] for one in open_lines if is_for_all or one in named}
        most = ceiling(self._cart, chosen)
        if most == 0:
            self._note("no line of the cart can carry the discount: dropped")
            return None
        if amount > most:
            self._note("the discount is more than its lines cost: cut")
            amount = most
        name = self._text(given.name, "the name of the discount") or DISCOUNT
        if not _fits(shares, amount, chosen):
            if shares:
                self._note("the shares do not fit the lines or the discount: spread again")
            return Discount(name=name, amount_cents=amount, shares=spread(amount, chosen))
        by_line = {share.line_id: share.amount_cents for share in shares}
        ours = (Share(line_id=one, amount_cents=by_line[one]) for one in chosen)
        return Discount(name=name, amount_cents=amount, shares=tuple(ours))

    def _shares(self, given: object) -> list[Share]:
        found = self._entries(given, max(1, len(self._cart.lines)), "the shares")
        shares = [share for share in found if _takes_something(share)]
        if len(shares) < len(found):
            self._note("a share is not of a line that gets something: dropped")
        return shares

    def _entries(self, given: object, most: int, what: str) -> list[Any]:
        if not isinstance(given, tuple | list):
            self._note(f"{what} are not a tuple: dropped")
            return []
        if len(given) > most:
            self._note(f"{what} are too many: the first are kept")
        return list(given[:most])

    def _id(self, given: object) -> str:
        text = str(given) if type(given) is int and abs(given) < 10**18 else given
        if not isinstance(text, str) or len(text) > self._longest_id:
            return ""
        found = clean_id(text)
        return "" if len(found) > self._longest_id or self._is_private(found) else found

    def _text(
        self,
        given: object,
        what: str,
        longest: int = LONGEST_LINE,
        clean: Callable[[str], str] = clean_line,
    ) -> str:
        if not isinstance(given, str):
            self._note(f"{what} is not a text: left out")
            return ""
        # Cleaning makes it shorter, and a huge text would take long.
        found = clean(given[: 4 * longest])
        if len(found) > longest or len(given) > 4 * longest:
            self._note(f"{what} is too long: cut")
            found = clean(found[:longest])
        if self._is_private(found):
            self._note(f"{what} says who the guest is: left out")
            return ""
        return found

    def _is_private(self, text: str) -> bool:
        folded = text.casefold()
        return any(word in folded for word in self._private)


def _takes_something(share: object) -> bool:
    if not isinstance(share, Share):
        return False
    line_id: object = share.line_id
    return isinstance(line_id, str) and type(share.amount_cents) is int and share.amount_cents > 0


def _fits(shares: list[Share], amount: int, chosen: Mapping[str, int]) -> bool:
    """Each line once, none beyond what it costs, together the amount."""
    return (
        len({share.line_id for share in shares}) == len(shares)
        and all(share.amount_cents <= chosen.get(share.line_id, 0) for share in shares)
        and sum(share.amount_cents for share in shares) == amount
    )


def _private(cart: Cart) -> Iterator[str]:
    """What may not be shown to whoever looks over a shoulder; too short, and it would be chance."""
    guest = cart.guest
    yield from (text.casefold() for text in (cart.guest_id, guest.email) if "@" in text[1:])
    if len(re.sub(r"\D", "", guest.phone)) >= _FEWEST_DIGITS:
        yield guest.phone
    if len(guest.name.split()) > 1:
        yield guest.name.casefold()
