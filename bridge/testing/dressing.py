"""One document in the many ways that Bbot may write it: the same event, whatever it wears."""

import json
import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import orjson

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dressed:
    """The bytes of a call. `refusal`: the status that they must get, 0 if they are sound."""

    body: bytes
    content_type: str = JSON
    refusal: int = 0


def plain(document: Document) -> Dressed:
    return Dressed(body=orjson.dumps(document))


def dress(document: Document, chance: random.Random) -> Dressed:
    """The document in another encoding, with other names, with more or less in it."""
    for oddity in chance.sample(_ODDITIES, chance.choice((0, 1, 2))):
        document = oddity(document)
    return chance.choice(_ENCODINGS)(document)


def spoil(document: Document, chance: random.Random) -> Dressed:
    """An order that nobody can read, as the platform's own pages have it."""
    return chance.choice(_FAULTS)(document)


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


def _everywhere(document: Document, change: Callable[[Document], Document]) -> Document:
    """A copy with the change made to every object in it."""

    def copy(value: Any) -> Any:
        if isinstance(value, list):
            return [copy(each) for each in value]
        return _everywhere(value, change) if isinstance(value, dict) else value

    return change({key: copy(each) for key, each in document.items()})


def _is_number(key: str, value: object) -> bool:
    is_id = key in {"guest_id", "line_item_id", "lineitem_id", "orderitem_id"}
    return is_id and isinstance(value, str) and value == str(_int(value))


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
)


def _lost_in_a_form(document: Document) -> Dressed:
    """The published sample, run as it stands."""
    return Dressed(body=urlencode(document, doseq=True).encode(), refusal=422)


def _python_words(document: Document) -> Dressed:
    return Dressed(body=repr(document | {"is_new": True}).encode(), refusal=400)


def _trailing_comma(document: Document) -> Dressed:
    return Dressed(body=orjson.dumps(document)[:-1] + b",}", refusal=400)


def _curly_quotes(document: Document) -> Dressed:
    text = orjson.dumps(document).decode().replace('"order_id"', "\u201corder_id\u201d", 1)
    return Dressed(body=text.encode(), refusal=400)


def _not_a_number(document: Document) -> Dressed:
    return Dressed(body=b'{"x":NaN,' + orjson.dumps(document)[1:], refusal=400)


def _cut_short(document: Document) -> Dressed:
    body = orjson.dumps(document)
    return Dressed(body=body[: len(body) // 2], refusal=400)


def _in_a_list(document: Document) -> Dressed:
    return Dressed(body=orjson.dumps([document]), refusal=400)


def _key_twice(document: Document) -> Dressed:
    return Dressed(body=b'{"order":{},' + orjson.dumps(document)[1:], refusal=400)


def _nothing(document: Document) -> Dressed:  # noqa: ARG001  nothing is left of it
    return Dressed(body=b"", refusal=400)


_FAULTS: Final = (
    _lost_in_a_form,
    _python_words,
    _trailing_comma,
    _curly_quotes,
    _not_a_number,
    _cut_short,
    _in_a_list,
    _key_twice,
    _nothing,
)
