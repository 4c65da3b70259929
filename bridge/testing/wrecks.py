"""Bodies that nobody can read, as the platform's own pages have them, and what they must get."""

import json
import random
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from bridge.testing.dressing import Dressed
from bridge.testing.steps import CHANGE, INJECTION, Step

Document = dict[str, Any]

# What the pages have between curly quotation marks.
_CURLY: Final = re.compile(r'"(mobile|guest_email|guest_name|guest_phone)":"((?:[^"\\]|\\.)*)"')


def spoil(step: Step, chance: random.Random) -> Dressed:
    """The call's document as a wreck of it, and the status that it must get."""
    faults = _FAULTS + _FAULTS_OF.get(step.hook, ())
    return chance.choice(faults)(step.document)


def lost_in_a_form(document: Document) -> Dressed:
    """The published sample, run as it stands: the nested values are gone."""
    return Dressed(body=urlencode(document, doseq=True).encode(), refusal=422)


def in_dollars(document: Document) -> Dressed:
    """The price of a dish is no whole number of cents."""
    return _with_price(document, "11.94")


def far_too_dear(document: Document) -> Dressed:
    """A price beyond 64 bits."""
    return _with_price(document, 2**70)


def _with_price(document: Document, price: object) -> Dressed:
    order = document["order"]
    items = [each | {"pretax_cents": price} for each in order["items"]]
    body = json.dumps(document | {"order": order | {"items": items}})
    return Dressed(body=body.encode(), refusal=422)


def _archived(fault: Callable[[Document], Dressed]) -> Callable[[Document], Dressed]:
    """What is only told is kept, and has no effect."""

    def spoilt(document: Document) -> Dressed:
        return Dressed(body=fault(document).body, refusal=200)

    return spoilt


def with_python_words(document: Document) -> Dressed:
    """None and True where JSON has null and true."""
    return _unreadable(b'{"response":None,"is_new":True,' + orjson.dumps(document)[1:])


def as_python(document: Document) -> Dressed:
    """As a Python script prints it."""
    return _unreadable(repr(document | {"response": None}).encode())


def with_trailing_comma(document: Document) -> Dressed:
    return _unreadable(orjson.dumps(document)[:-1] + b",}")


def with_curly_quotes(document: Document) -> Dressed:
    """Around phone, email and name; where there are none, around the first key."""
    text = orjson.dumps(document).decode()
    curly, times = _CURLY.subn('"\\1":\u201c\\2\u201d', text)
    if not times:
        curly = text.replace('{"', "{\u201c", 1).replace('":', "\u201d:", 1)
    return _unreadable(curly.encode())


def with_no_number(document: Document) -> Dressed:
    return _unreadable(b'{"x":NaN,"y":-Infinity,' + orjson.dumps(document)[1:])


def cut_short(document: Document) -> Dressed:
    body = orjson.dumps(document)
    return _unreadable(body[: len(body) // 2])


def in_a_list(document: Document) -> Dressed:
    return _unreadable(orjson.dumps([document]))


def with_a_key_twice(document: Document) -> Dressed:
    return _unreadable(b'{"checkout_id":"x","checkout_id":"y",' + orjson.dumps(document)[1:])


def empty(document: Document) -> Dressed:  # noqa: ARG001  nothing is left of it
    return _unreadable(b"")


def _unreadable(body: bytes) -> Dressed:
    return Dressed(body=body, refusal=400)


_Fault = Callable[[Document], Dressed]

_FAULTS: Final[tuple[_Fault, ...]] = (
    with_python_words,
    as_python,
    with_trailing_comma,
    with_curly_quotes,
    with_no_number,
    cut_short,
    in_a_list,
    with_a_key_twice,
    empty,
)
_FAULTS_OF: Final[dict[str, tuple[_Fault, ...]]] = {
    INJECTION: (lost_in_a_form, in_dollars, far_too_dear),
    CHANGE: tuple(map(_archived, (lost_in_a_form, in_dollars, far_too_dear))),
}
