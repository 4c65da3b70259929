"""The duty to bring one operation on one order to one POS.

waiting --> ready --> sending --> done
   |          |          |----> unknown --> done | ready | held
   |          |          `----> refused | ready again
   `----------`--> voided         held: a person decides
"""

import base64
import hashlib
from enum import StrEnum


class Operation(StrEnum):
    PLACE = "place"
    CHANGE = "change"
    CANCEL = "cancel"
    REFUND = "refund"


class DeliveryState(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    SENDING = "sending"
    UNKNOWN = "unknown"
    DONE = "done"
    REFUSED = "refused"
    HELD = "held"
    VOIDED = "voided"

    @property
    def is_end(self) -> bool:
        """True if nothing more happens by itself and nobody needs to decide."""
        return self in {DeliveryState.DONE, DeliveryState.REFUSED, DeliveryState.VOIDED}


def effect_key(restaurant: str, order_id: str, operation: Operation, version: int) -> str:
    """26 characters of a-z2-7, stable for one effect on the POS: its idempotency key."""
    text = "\x1f".join((restaurant, order_id, operation, str(version)))
    digest = hashlib.sha256(text.encode()).digest()
    return base64.b32encode(digest).decode()[:26].lower()
