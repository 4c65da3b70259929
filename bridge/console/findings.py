"""What is wrong or soon may be, and what to do about it. Pure: no I/O."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bridge.model import PosState


class Level(StrEnum):
    """`warning`: look at it today; `bad`: orders are refused or wait, now."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`subject` is a part of the bridge, or the id of a restaurant."""

    level: Level
    subject: str
    text: str
    hint: str = ""


_POS = {
    PosState.UP: Level.GOOD,
    PosState.CLOSED: Level.GOOD,
    PosState.UNKNOWN: Level.WARNING,
    PosState.DOWN: Level.BAD,
}
_NO_SIGN = "every order waits for a sign that the guest paid, and none has come in a day of orders"
_NO_SIGN_HINT = (
    "enter the addresses of order-change and checkout-finished at the platform, "
    'or set release = "on_accept"'
)


def examine(
    health: Mapping[str, Any], restaurants: Collection[str], signless: Collection[str]
) -> list[Finding]:
    """One finding at least for each part; `signless`: restaurants that wait for signs in vain."""
    found = [_examine_ledger(health.get("ledger", {})), *_examine_broker(health.get("broker", {}))]
    for restaurant in restaurants:
        known = health.get("restaurants", {}).get(restaurant, {})
        found.append(_examine_pos(restaurant, known))
        found.extend(_examine_deliveries(restaurant, known.get("deliveries", {})))
        if restaurant in signless:
            found.append(_finding(Level.WARNING, restaurant, _NO_SIGN, _NO_SIGN_HINT))
    return found


def _finding(level: Level, subject: str, text: str, hint: str = "") -> Finding:
    return Finding(level=level, subject=subject, text=text, hint=hint)


def _examine_ledger(ledger: Mapping[str, Any]) -> Finding:
    if ledger.get("writable"):
        return _finding(Level.GOOD, "ledger", "orders can be kept")
    reason = ledger.get("reason", "it does not say why")
    hint = "look at the disk: no checkout gets a yes until it can be written"
    return _finding(Level.BAD, "ledger", f"orders cannot be kept: {reason}", hint)


def _examine_broker(broker: Mapping[str, Any]) -> Iterator[Finding]:
    for name, link in broker.items():
        if isinstance(link, dict) and "state" in link:
            yield _examine_link(name, link)
    for name, reason in broker.get("degraded", {}).items():
        hint = "the queue exists with other settings: see the operator's guide"
        yield _finding(Level.BAD, "broker", f"{name}: {reason}", hint)
    for restaurant, reason in broker.get("not_through", {}).items():
        hint = "its orders are safe here and go out when the broker takes them"
        yield _finding(Level.BAD, restaurant, f"its events do not get through: {reason}", hint)


def _examine_link(name: str, link: Mapping[str, Any]) -> Finding:
    if link["state"] == "up":
        return _finding(Level.GOOD, "broker", f"the {name} link is up ({link.get('server', '')})")
    text = f"the {name} link is {link['state']}: {link.get('reason') or 'no reason is known'}"
    return _finding(Level.BAD, "broker", text, "orders are kept here and handed over later")


def _examine_pos(restaurant: str, known: Mapping[str, Any]) -> Finding:
    state = PosState(known.get("state", PosState.UNKNOWN))
    reason = f": {known['reason']}" if known.get("reason") else ""
    return _finding(_POS[state], restaurant, f"its POS is {state}{reason}")


def _examine_deliveries(restaurant: str, counts: Mapping[str, int]) -> Iterator[Finding]:
    held, unknown = counts.get("held", 0), counts.get("unknown", 0)
    if held:
        hint = f"pos-bridge orders --restaurant {restaurant} --state held"
        yield _finding(Level.WARNING, restaurant, f"{held} wait for a person to decide", hint)
    if unknown:
        hint = f"pos-bridge orders --restaurant {restaurant} --state unknown"
        yield _finding(Level.WARNING, restaurant, f"of {unknown} nobody knows yet", hint)
