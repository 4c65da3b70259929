"""What an answer to a price check or a checkout start must be, read from the platform's pages.

Knows nothing of how answers are made: it looks at the bytes, and at the cart they are for.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from bridge.model import Cart

Document = dict[str, Any]

LONGEST_BODY: Final = 300_000
# Shorter ones turn up by chance.
_LEAST_SECRET: Final = 6
_KEYS: Final[dict[str, dict[str, type]]] = {
    "label": {"text": str, "size": str},
    "textinput": {"heading": str, "value": str},
    "applybutton": {"buttontext": str, "button_text": str},
    "multiselect_group": {"min_selectable": int, "max_selectable": int, "choices": list},
}
_DISCOUNT: Final = {"total_cents_to_add", "name_for_guest", "distribution_among_line_items"}
_ROW: Final = {"line_item_id", "cents_to_add"}
_CHOICE: Final = {"selected", "contents"}


def violations(body: bytes, cart: Cart, *, starts: bool, prefix: str | None = None) -> list[str]:
    """Sentences without any value, one for each rule that is broken.

    `starts`: it answers a checkout start. `prefix` begins every prompt id of ours; without it
    that of the cart's restaurant.
    """
    try:
        document = json.loads(body, parse_constant=_refuse, object_pairs_hook=_no_twins)
    except ValueError:
        return ["the answer is not JSON"]
    wanted = {"prompts_to_guest", "discounts"} | ({"allow_checkout"} if starts else set())
    if not _has(document, wanted):
        return ["the answer has other keys"]
    ours = f"pos-bridge:{cart.restaurant}:" if prefix is None else prefix
    return [
        *(["the body is huge"] if len(body) > LONGEST_BODY else []),
        *(_of_start(document) if starts else ()),
        *_of_prompts(document["prompts_to_guest"], cart, ours),
        *_of_discounts(document["discounts"], cart),
        *_of_privacy(document, cart),
    ]


def _of_start(document: Document) -> Iterator[str]:
    allow = document["allow_checkout"]
    if type(allow) is not bool:
        yield "allow_checkout is not true or false"
    labels = [each for each in _dicts(document["prompts_to_guest"]) if _kind(each) == "label"]
    if allow is False and not any(each.get("text") for each in labels):
        yield "no checkout, and no label that says why"


def _of_prompts(prompts: Any, cart: Cart, ours: str) -> Iterator[str]:
    if type(prompts) is not list or len(_dicts(prompts)) != len(prompts):
        yield "the prompts are not a list of objects"
        return
    ids = [each.get("prompt_id") for each in prompts]
    if not all(type(each) is str and each for each in ids):
        yield "a prompt without an id that is text"
        return
    yield from _of_ids(ids, {each.id for each in cart.prompts if not each.id.startswith(ours)})
    if not all(each.startswith(ours) for each in ids):
        yield "a prompt id without our prefix"
    kinds = set(map(_kind, prompts))
    if "textinput" in kinds and "applybutton" not in kinds:
        yield "a field to type into without a button of our own"
    for prompt in prompts:
        yield from _of_prompt(prompt)


def _of_ids(ids: list[str], foreign: set[str]) -> Iterator[str]:
    if len(set(ids)) < len(ids):
        yield "two prompts have one id"
    # What somebody else has shown has an id of theirs.
    if foreign & set(ids):
        yield "a prompt has the id of another partner's"


def _of_prompt(prompt: Document) -> Iterator[str]:
    kind = _kind(prompt)
    if kind not in _KEYS:
        yield "a prompt of no known type"
    elif not _has(prompt, {"prompt_id", "prompt_type", *_KEYS[kind]}):
        yield f"a {kind} has other keys"
    elif not all(type(prompt[key]) is wanted for key, wanted in _KEYS[kind].items()):
        yield f"a {kind} has values of other types"
    elif kind == "applybutton" and not (prompt["buttontext"] == prompt["button_text"] != ""):
        yield "a button says nothing, or two things"
    elif kind == "multiselect_group":
        yield from _of_choices(prompt)


def _of_choices(prompt: Document) -> Iterator[str]:
    choices, least, most = prompt["choices"], prompt["min_selectable"], prompt["max_selectable"]
    if not choices:
        yield "there is nothing to choose from"
    if not 0 <= least <= most <= len(choices):
        yield "more or less is to be chosen than there is"
    if not all(
        _has(each, _CHOICE) and type(each["selected"]) is bool and type(each["contents"]) is str
        for each in choices
    ):
        yield "a choice that is none"
    elif sum(each["selected"] for each in choices) > most:
        yield "more is selected than may be"


def _of_discounts(discounts: Any, cart: Cart) -> Iterator[str]:
    if discounts is None:
        return
    if type(discounts) is not list or len(discounts) != 1:
        yield "the discounts are neither null nor one"
    elif not _has(discounts[0], _DISCOUNT):
        yield "a discount has other keys"
    else:
        yield from _of_discount(discounts[0], cart)


def _of_discount(discount: Document, cart: Cart) -> Iterator[str]:
    total, name = discount["total_cents_to_add"], discount["name_for_guest"]
    if type(name) is not str or not name.strip():
        yield "a discount without a name"
    if type(total) is not int or not 0 < -total <= cart.pretax_cents:
        yield "a discount that is not between 0 and the price of the cart"
    else:
        yield from _of_rows(discount["distribution_among_line_items"], total, cart)


def _of_rows(rows: Any, total: int, cart: Cart) -> Iterator[str]:
    if type(rows) is not list or not rows or not all(_has(row, _ROW) for row in rows):
        yield "a distribution that is no list of rows"
        return
    off, ids = [row["cents_to_add"] for row in rows], [row["line_item_id"] for row in rows]
    if not all(type(each) is int and each < 0 for each in off):
        yield "a distribution of what is not below 0"
        return
    if sum(off) != total:
        yield "a distribution that does not add up"
    times = Counter(line.id for line in cart.lines)
    # As text, letter for letter.
    if not all(type(each) is str and times[each] == 1 for each in ids) or len(set(ids)) < len(ids):
        yield "a distribution over lines that are not there, or twice"
        return
    prices = {line.id: line.total_cents for line in cart.lines}
    if any(-each > prices[one] for one, each in zip(ids, off, strict=True)):
        yield "more off a line than it costs"


def _of_privacy(document: Document, cart: Cart) -> Iterator[str]:
    names = [each.get("name_for_guest") for each in _dicts(document["discounts"])]
    said = json.dumps([document["prompts_to_guest"], names], ensure_ascii=False).casefold()
    if any(len(each) >= _LEAST_SECRET and each.casefold() in said for each in _secrets(cart)):
        yield "it says who the guest is"


def _secrets(cart: Cart) -> Iterable[str]:
    """How a guest can be reached."""
    address = cart.guest_id if "@" in cart.guest_id else ""
    return cart.guest.email, cart.guest.phone, address


def _kind(prompt: Document) -> str:
    kind = prompt.get("prompt_type")
    return kind if type(kind) is str else ""


def _has(value: Any, keys: set[str]) -> bool:
    return type(value) is dict and set(value) == keys


def _dicts(value: Any) -> list[Document]:
    return [each for each in value if type(each) is dict] if type(value) is list else []


def _refuse(word: str) -> Any:
    raise ValueError(word)


def _no_twins(pairs: list[tuple[str, Any]]) -> Document:
    if len({key for key, _value in pairs}) != len(pairs):
        raise ValueError("a key stands there twice")
    return dict(pairs)
