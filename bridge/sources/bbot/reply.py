"""What a price check and the start of a checkout are answered, in Bbot's words.

Bbot does not say what a wrong answer does to a guest's basket, so none is sent: every rule holds
for every answer, whatever quote it is made from.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any, Final

import orjson

from bridge.model import (
    ApplyButton,
    Cart,
    Choices,
    Discount,
    GivenPrompt,
    Label,
    Prompt,
    Quote,
    TextInput,
)
from bridge.sources.quote import BUTTON, LONGEST_ID, mend

PREFIX: Final = "pos-bridge"
# Room for what the ingress puts before the id of an adapter's prompt.
_LONGEST_ID: Final = LONGEST_ID + 20

REFUSED: Final = "This order cannot be taken at the moment."


def compose(quote: Quote, cart: Cart, *, allow: bool | None) -> tuple[bytes, tuple[str, ...]]:
    """The body that answers a price check (`allow` None) or the start of a checkout.

    The quote's prompts get ids that are ours alone; see `own_prompts`. Whatever in it cannot be
    sent is repaired or dropped; each problem is a sentence for the log. Never raises.
    """
    sound, problems = mend(quote, cart, longest_id=_LONGEST_ID)
    added = tuple(_missing(sound.prompts, allow=allow))
    document: dict[str, Any] = {
        "prompts_to_guest": [
            _prompt(prompt, cart)
            for prompt in (*sound.prompts, *(prompt for prompt, _why in added))
        ],
        "discounts": [_discount(sound.discount)] if sound.discount else None,
    }
    if allow is not None:
        document["allow_checkout"] = bool(allow)
    return orjson.dumps(document), (*problems, *(why for _prompt, why in added))


def own_prompts(cart: Cart) -> tuple[GivenPrompt, ...]:
    """Those of this restaurant that came back, under the ids that the quote gave them."""
    prefix = _prefix(cart)
    return tuple(
        replace(prompt, id=prompt.id.removeprefix(prefix))
        for prompt in cart.prompts
        if prompt.id.startswith(prefix)
    )


def _prefix(cart: Cart) -> str:
    """No two prompts of a checkout may have one id: not of other partners, nor restaurants."""
    return f"{PREFIX}:{cart.restaurant}:"


def _missing(prompts: tuple[Prompt, ...], *, allow: bool | None) -> Iterator[tuple[Prompt, str]]:
    """What must go with the prompts, and why it is added."""
    kinds = {type(prompt) for prompt in prompts}
    taken = {prompt.id for prompt in prompts}
    if TextInput in kinds and ApplyButton not in kinds:
        # Bbot would add one of its own, under an id that another partner's may have as well.
        button = ApplyButton(id=_free("apply", taken), text=BUTTON)
        yield button, "a text input came without a button: one is added"
    if allow is not None and not allow and Label not in kinds:
        label = Label(id=_free("refused", taken), text=REFUSED)
        yield label, "a refusal came without a reason for the guest: a general one is added"


def _free(wanted: str, taken: set[str]) -> str:
    names = (wanted if number == 1 else f"{wanted}-{number}" for number in count(1))
    return next(name for name in names if name not in taken)


def _prompt(prompt: Prompt, cart: Cart) -> dict[str, Any]:
    kind, facts = _facts(prompt)
    return {"prompt_id": _prefix(cart) + prompt.id, "prompt_type": kind, **facts}


def _facts(prompt: Prompt) -> tuple[str, dict[str, Any]]:
    match prompt:
        case Label(text=text):
            return "label", {"text": text, "size": ""}
        case TextInput(heading=heading, placeholder=placeholder):
            return "textinput", {"heading": heading, "value": placeholder}
        case ApplyButton(text=text):
            # The published table has the first word, what Bbot sends itself has the second.
            return "applybutton", {"buttontext": text, "button_text": text}
        case Choices():
            return "multiselect_group", _group(prompt)


def _group(group: Choices) -> dict[str, Any]:
    return {
        "min_selectable": group.least,
        "max_selectable": group.most,
        "choices": [
            {"selected": choice.selected, "contents": choice.text} for choice in group.choices
        ],
    }


def _discount(discount: Discount) -> dict[str, Any]:
    return {
        "name_for_guest": discount.name,
        "total_cents_to_add": -discount.amount_cents,
        "distribution_among_line_items": [
            {"line_item_id": share.line_id, "cents_to_add": -share.amount_cents}
            for share in discount.shares
        ],
    }
