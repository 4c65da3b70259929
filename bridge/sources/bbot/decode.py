"""From the bytes of a webhook to an Event."""

import re
from dataclasses import dataclass
from typing import Any, Final

from bridge.model.event import Event, OrderChanged, OrderPlaced
from bridge.sources.bbot.body import read_text, text_of
from bridge.sources.bbot.errors import DecodeError
from bridge.sources.bbot.hook import Hook, recognise
from bridge.sources.bbot.order import read_order
from bridge.sources.text import clean_id

_ID: Final = r'"%s"\s*+:\s*+(?:"([^"\\<>]{1,200})"|([0-9]{1,20}))'
_RESTAURANT: Final = re.compile(_ID % "restaurant_id")
_ORDER: Final = re.compile(_ID % "order_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """`event` is None for a hook that tells nothing about an order yet."""

    hook: Hook
    event: Event | None


def decode(hook: Hook | None, body: bytes, content_type: str) -> Decoded:
    """The event in a body; without a hook its shape decides. Raises only DecodeError."""
    text = text_of(body, content_type)
    try:
        document = read_text(text, content_type)
    except DecodeError as error:
        raise error.about(_last(_RESTAURANT, text), _last(_ORDER, text)) from None
    return decode_document(hook or recognise(document), document)


def decode_document(hook: Hook, document: dict[str, Any]) -> Decoded:
    """The same for a document that was read already."""
    event: Event | None = None
    if hook is Hook.ORDER_INJECTION:
        event = OrderPlaced(order=read_order(document, may_be_empty=False))
    elif hook is Hook.ORDER_CHANGE:
        event = OrderChanged(order=read_order(document, may_be_empty=True))
    return Decoded(hook=hook, event=event)


def _last(pattern: re.Pattern[str], text: str) -> str:
    # For the record of a refusal only. The last one stands in the order, the first may be a
    # placeholder at the top of the document.
    found = ""
    for match in pattern.finditer(text):
        found = match[1] or match[2]
    return clean_id(found)
