"""What the platform posts: its own samples, and orders made up after them."""

import copy
import json
import uuid
from datetime import UTC, datetime, timedelta
from importlib.resources import files

_SAMPLES = files("bridge.sources.bbot") / "samples"
ORDER_ID = "bc960165-aa17-4506-abdc-0b1c26e44ff9"
RESTAURANT = "ecde3351-606c-4971-ab5a-792bccb0e5e2"


def a_sample(name="order_injection"):
    """The published document, byte for byte."""
    return (_SAMPLES / f"{name}.json").read_bytes()


def an_order(number=1, name="Ceviche"):
    """The sample as the order of another guest, who checks out now."""
    document = json.loads(a_sample())
    order = document["order"]
    order["id"], order["checkout_id"] = str(uuid.uuid4()), str(uuid.uuid4())
    order["orderNumberToday"] = number
    order["time"] = order["last_modified"] = _text(datetime.now(UTC))
    for item in order["items"]:
        item["id"], item["order_id"] = str(uuid.uuid4()), order["id"]
        item["name_when_purchased"] = name
    return document


def a_change(document, *, minutes=1, name=None):
    """The same order some minutes later, with another dish if one is named."""
    changed = copy.deepcopy(document)
    order = changed["order"]
    modified = datetime.fromisoformat(order["last_modified"]) + timedelta(minutes=minutes)
    order["last_modified"] = _text(modified)
    for item in order["items"]:
        item["name_when_purchased"] = name or item["name_when_purchased"]
    return changed


def _text(moment):
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
