"""One document in the many ways that Bbot may write it: the same event, whatever it wears."""

import gzip
import json
import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from bridge.testing.orders import named
from bridge.testing.screen import added_button

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"

Document = dict[str, Any]

_IDS: Final = frozenset(
    {"id", "order_id", "checkout_id", "guest_id", "line_item_id", "lineitem_id", "orderitem_id"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dressed:
    """The bytes of a call. `refusal`: the status that they must get, 0 if they are sound.

    `is_packed` with gzip, on the way only; `in_pieces`: without a length told before.
    """

    body: bytes
    content_type: str = JSON
    refusal: int = 0
    is_packed: bool = False
    in_pieces: bool = False

    @property
    def sent(self) -> bytes:
        """The body as it is on the way."""
        return gzip.compress(self.body, mtime=0) if self.is_packed else self.body


def plain(document: Document) -> Dressed:
    return Dressed(body=orjson.dumps(document))


def dress(document: Document, chance: random.Random) -> Dressed:
    """The document in another encoding, with other names, with more or less in it."""
    for oddity in chance.sample(_ODDITIES, chance.choice((0, 1, 2))):
        document = oddity(document)
    return chance.choice(_ENCODINGS)(document)


def _lists_as_text(document: Document) -> Dressed:
    return plain(_flat(document))


def _form(document: Document) -> Dressed:
    """Every number is text, and so are true and false."""
    pairs = {key: "" if value is None else value for key, value in _flat(document).items()}
    return Dressed(body=urlencode(pairs).encode(), content_type=FORM)


def _with_mark(document: Document) -> Dressed:
    return Dressed(body=b"\xef\xbb\xbf" + orjson.dumps(document))


def _escaped(document: Document) -> Dressed:
    return Dressed(body=json.dumps(document).encode())


def _indented(document: Document) -> Dressed:
    return Dressed(body=json.dumps(document, indent=2, ensure_ascii=False).encode())


def _as_plain_text(document: Document) -> Dressed:
    return Dressed(body=orjson.dumps(document), content_type="text/plain; charset=utf-8")


def _accents_apart(document: Document) -> Dressed:
    text = unicodedata.normalize("NFD", orjson.dumps(document).decode())
    return Dressed(body=text.encode())


def _packed(document: Document) -> Dressed:
    return Dressed(body=orjson.dumps(document), is_packed=True)


def _in_pieces(document: Document) -> Dressed:
    return Dressed(body=orjson.dumps(document), in_pieces=True)


def _with_odd_numbers(document: Document) -> Dressed:
    """Beyond 64 bits, and beyond what a fraction can hold, where nobody looks at them."""
    odd = b'{"x_big":1180591620717411303424,"x_small":-0.0,"x_long":1.5E+300,'
    return Dressed(body=odd + orjson.dumps(document)[1:])


def _flat(document: Document) -> Document:
    return {
        key: orjson.dumps(value).decode() if isinstance(value, dict | list) else value
        for key, value in document.items()
    }


def _with_more(document: Document) -> Document:
    """Fields that nobody has heard of."""
    odd = {"x_new": {"deeply": [{"nested": True}]}, "api_version": 3.1}
    # What has no id may be a form of the restaurant's own: there every field says something.
    known = {"id", "order_id", "checkout_id", "menuItemId"}
    return _everywhere(document, lambda found: odd | found if known & found.keys() else found)


def _with_less(document: Document) -> Document:
    """Without what says nothing."""
    return _everywhere(document, lambda found: {k: v for k, v in found.items() if v is not None})


def _with_placeholders(document: Document) -> Document:
    """The ids at the top of an order are those of the documentation."""
    if "order" not in document:
        return document
    return document | {"restaurant_id": "<customer_id>", "order_id": "<order_id>"}


def _with_numbers(document: Document) -> Document:
    """Ids that are whole numbers are sent as such."""
    return _everywhere(
        document,
        lambda found: {k: int(v) if _is_number(k, v) else v for k, v in found.items()},
    )


def _with_other_names(document: Document) -> Document:
    """Where Bbot's pages do not agree with each other."""
    names = {"line_item_id": "lineitem_id", "button_text": "buttontext"}
    return _everywhere(document, lambda found: {names.get(k, k): v for k, v in found.items()})


def _with_objects_for_tags(document: Document) -> Document:
    def change(found: Document) -> Document:
        tags = found.get("tags")
        return found | {"tags": [{"id": 7, "name": tag} for tag in tags]} if tags else found

    return _everywhere(document, change)


def _with_other_money(document: Document) -> Document:
    """Whole cents as digits in a text, and as fractions without one."""

    def write(name: str, value: object) -> object:
        if type(value) is not int or "_cents" not in name:
            return value
        # In a form a fraction would be a text that nobody can tell from dollars.
        is_text = value % 2 or name.startswith("cart_items")
        return str(value) if is_text else float(value)

    return _everywhere(document, lambda found: {k: write(k, v) for k, v in found.items()})


def _with_real_ids(document: Document) -> Document:
    """The ids at the top of an order are those of something else."""
    if "order" not in document:
        return document
    other = str(named("another", str(document["order_id"])))
    return document | {"restaurant_id": str(named("elsewhere")), "order_id": other}


def _with_tags(document: Document) -> Document:
    """Dishes of an order have tags, as words or as objects."""

    def change(found: Document) -> Document:
        if "menuitem_id" not in found:
            return found
        return found | {"tags": ["lunch", {"id": 7, "name": "spicy"}, 12]}

    return _everywhere(document, change)


def _with_added_button(document: Document) -> Document:
    """Bbot's own button, though there is one of ours; it is in what we are said to have sent."""

    def change(found: Document) -> Document:
        prompts = found.get("prompts_to_guest")
        if not isinstance(prompts, list):
            return found
        kinds = [each.get("prompt_type") for each in prompts]
        if "textinput" not in kinds:
            return found
        return found | {"prompts_to_guest": [*prompts, added_button(len(prompts))]}

    return _everywhere(document, change)


def _with_other_types(document: Document) -> Document:
    """A field that nothing stands in comes back as a label."""

    def change(found: Document) -> Document:
        if found.get("prompt_type") != "textinput" or found.get("value"):
            return found
        text = found.get("heading", "")
        return {"prompt_id": found["prompt_id"], "prompt_type": "label", "text": text, "size": ""}

    return _everywhere(document, change)


def _with_a_cent_more(document: Document) -> Document:
    """The total of an order is not what its parts add up to."""
    order = document.get("order")
    if not isinstance(order, dict) or type(order.get("total_cents")) is not int:
        return document
    return document | {"order": order | {"total_cents": order["total_cents"] + 1}}


def _everywhere(document: Document, change: Callable[[Document], Document]) -> Document:
    """A copy with the change made to every object in it."""

    def copy(value: Any) -> Any:
        if isinstance(value, list):
            return [copy(each) for each in value]
        return _everywhere(value, change) if isinstance(value, dict) else value

    return change({key: copy(each) for key, each in document.items()})


def _is_number(key: str, value: object) -> bool:
    return key in _IDS and isinstance(value, str) and value == str(_int(value))


def _int(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


_ODDITIES: Final = (
    _with_more,
    _with_less,
    _with_placeholders,
    _with_numbers,
    _with_other_names,
    _with_objects_for_tags,
    _with_other_money,
    _with_real_ids,
    _with_tags,
    _with_added_button,
    _with_other_types,
    _with_a_cent_more,
)
_ENCODINGS: Final = (
    plain,
    _lists_as_text,
    _form,
    _with_mark,
    _escaped,
    _indented,
    _as_plain_text,
    _accents_apart,
    _packed,
    _in_pieces,
    _with_odd_numbers,
)
