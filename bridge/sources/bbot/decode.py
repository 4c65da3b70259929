"""From the bytes of a webhook to an Event."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bridge.model.event import Event
from bridge.sources.bbot.body import read_text, text_of
from bridge.sources.bbot.cart import read_promo
from bridge.sources.bbot.checkout import read_cancelled, read_finished, read_integration
from bridge.sources.bbot.errors import DecodeError
from bridge.sources.bbot.hook import Hook, recognise
from bridge.sources.bbot.order import read_changed, read_placed
from bridge.sources.bbot.refund import read_refunded
from bridge.sources.text import clean_id

_READERS: Final[dict[Hook, Callable[[dict[str, Any]], Event]]] = {
    Hook.ORDER_INJECTION: read_placed,
    Hook.ORDER_CHANGE: read_changed,
    Hook.PROMO: read_promo,
    Hook.CHECKOUT_FINISHED: read_finished,
    Hook.CHECKOUT_CANCELLED: read_cancelled,
    Hook.ITEMS_REFUNDED: read_refunded,
    Hook.INTEGRATION_CHANGED: read_integration,
}

_ID: Final = r'"%s"\s*+:\s*+(?:"([^"\\<>]{1,200})"|([0-9]{1,20}))'
_RESTAURANT: Final = re.compile(_ID % "restaurant_id")
_ORDER: Final = re.compile(_ID % "order_id")
_CHECKOUT: Final = re.compile(_ID % "checkout_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """`hook` is what the body turned out to be, whatever address it came to."""

    hook: Hook
    event: Event


def decode(hook: Hook | None, body: bytes, content_type: str) -> Decoded:
    """The event in a body that came to the address of `hook`; None: the address for all hooks.

    Raises only DecodeError.
    """
    try:
        document = _read(body, content_type)
    except DecodeError as error:
        raise error.about(hook=hook) from None
    return decode_document(hook, document)


def decode_document(hook: Hook | None, document: dict[str, Any]) -> Decoded:
    """The same for a document that was read already."""
    found = recognise(document, hook)
    try:
        return Decoded(hook=found, event=_READERS[found](document))
    except DecodeError as error:
        raise error.about(hook=found) from None


def _read(body: bytes, content_type: str) -> dict[str, Any]:
    text = text_of(body, content_type)
    try:
        return read_text(text, content_type)
    except DecodeError as error:
        raise error.about(
            _last(_RESTAURANT, text), _last(_ORDER, text), checkout_id=_last(_CHECKOUT, text)
        ) from None


def _last(pattern: re.Pattern[str], text: str) -> str:
    # For the record of a refusal only. The last one stands in the order, the first may be a
    # placeholder at the top of the document.
    found = ""
    for match in pattern.finditer(text):
        found = match[1] or match[2]
    return clean_id(found)
