"""What is wrong or soon may be, and what to do about it. Pure: no I/O."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bridge.ledger.bounces import Bounced
from bridge.ledger.misread import Misread
from bridge.ledger.questions import Count
from bridge.ledger.unplaced import Unplaced
from bridge.model import PosState
from bridge.model.bounce import MOST_BOUNCES, Bounce
from bridge.model.question import question_of


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
_NO_ORDER_HINT = (
    "pos-bridge show ID, then look at the platform what was refunded, and correct the POS by hand"
)
_MISREAD_HINT = (
    "the kitchen has not heard of these changes: pos-bridge show ORDER --raw, or show ID --raw "
    "with the id in brackets where there is no order, and tell it"
)
_UNASKED = "its adapter makes quotes for carts, and while the roles are apart nobody asks for them"
_UNASKED_HINT = "run it without --role, or give its codes as [[promotions]] in its file"
_IDLE_HINT = (
    "nothing to do while that one runs; if it is gone for good: pos-bridge take-over {} --dry-run"
)
_BROKER_HINTS = {
    "PRECONDITION_FAILED": "it exists with other settings, and works as far as those allow: delete "
    "it at the broker (a queue: rabbitmqctl delete_queue {name}); it is made anew in seconds, and "
    "what no worker has yet comes again",
    "ACCESS_REFUSED": "the bridge's user lacks the right to it: see RabbitMQ in the operator's "
    "guide, then wait a few seconds",
}
_BROKER_HINT = (
    "it is tried again every few seconds; orders are taken and kept meanwhile, so look at the "
    "broker: rabbitmqctl status, list_queues name state"
)
_NOT_READ_HINT = (
    "it is read again by itself once the broker has it; its orders are kept. If this stays, look "
    "at the broker: rabbitmqctl list_queues name state"
)
_FEW = 5
_MAKE_ROOM = "make room on the ledger's disk: with too little no new order gets a yes"
_DAMAGED = (
    "see damaged.jsonl in the ledger's folder: settle each by hand, then move that file elsewhere"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What is said of events that came back in one way."""

    kind: Bounce
    is_stuck: bool
    text: str
    hint: str


_BOUNCES = (
    _Words(
        kind=Bounce.RETURNED,
        is_stuck=False,
        text="came back, because no queue took them",
        hint="they are kept and go out as soon as one does; the queue is made anew each time, so "
        "look at the broker who removes it",
    ),
    _Words(
        kind=Bounce.DEAD,
        is_stuck=False,
        text="were dead-lettered and go out again",
        hint="the log of the worker says why it would not have them",
    ),
    _Words(
        kind=Bounce.DEAD,
        is_stuck=True,
        text=f"came back {MOST_BOUNCES} times and go out no more",
        hint="the log of the worker says why; then here: pos-bridge replay ORDER to try again, or "
        "enter it by hand and pos-bridge resolve ORDER",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the ledger and the settings tell.

    `signless`: restaurants that wait for signs in vain. `unplaced`: refunds of which no order
    tells. `misread`: changes of orders that could not be read, the newest first. `unasked`:
    restaurants whose adapters make quotes that nobody asks for. `asked`: how many deliveries wait
    for a person, and why. `bounced`: events that the broker brought back.
    """

    signless: Collection[str] = ()
    unplaced: Collection[Unplaced] = ()
    misread: Collection[Misread] = ()
    unasked: Collection[str] = ()
    asked: Collection[Count] = ()
    bounced: Collection[Bounced] = ()


def examine(health: Mapping[str, Any], restaurants: Collection[str], facts: Facts) -> list[Finding]:
    """One finding at least for each part."""
    found = [
        _examine_ledger(health.get("ledger", {})),
        *_examine_disk(health.get("disk", {}), health.get("ledger", {})),
        *_examine_broker(health.get("broker", {})),
        *_examine_locks(health),
    ]
    for restaurant in restaurants:
        known = health.get("restaurants", {}).get(restaurant, {})
        found.append(_examine_pos(restaurant, known))
        found.extend(_examine_questions(restaurant, facts.asked))
        found.extend(_examine_bounced(restaurant, facts.bounced))
        found.extend(_examine_deliveries(restaurant, known.get("deliveries", {})))
    found += [_finding(Level.WARNING, one, _NO_SIGN, _NO_SIGN_HINT) for one in facts.signless]
    found += [_finding(Level.WARNING, one, _UNASKED, _UNASKED_HINT) for one in facts.unasked]
    for subject in ("", *restaurants):
        misread = [one for one in facts.misread if one.restaurant == subject]
        found.extend(_examine_misread(subject, misread))
    return [*found, *_examine_refunds(facts.unplaced)]


def _examine_misread(restaurant: str, misread: Collection[Misread]) -> Iterator[Finding]:
    if misread:
        names = [
            f"{one.order_id or 'no order'} ({one.correlation_id}, {one.code})" for one in misread
        ]
        text = f"{len(names)} calls of order-change could not be read: {', '.join(names[:_FEW])}"
        yield _finding(Level.WARNING, restaurant or "ingress", text, _MISREAD_HINT)


def _examine_refunds(unplaced: Collection[Unplaced]) -> Iterator[Finding]:
    names: dict[str, list[str]] = {}
    for one in unplaced:
        names.setdefault(one.restaurant or "ingress", []).append(one.name)
    for restaurant, calls in names.items():
        text = f"of {len(calls)} refunds this week no order tells: {', '.join(calls[:_FEW])}"
        yield _finding(Level.WARNING, restaurant, text, _NO_ORDER_HINT)


def _finding(level: Level, subject: str, text: str, hint: str = "") -> Finding:
    return Finding(level=level, subject=subject, text=text, hint=hint)


def _examine_ledger(ledger: Mapping[str, Any]) -> Finding:
    if ledger.get("writable"):
        return _finding(Level.GOOD, "ledger", "orders can be kept")
    reason = ledger.get("reason", "it does not say why")
    hint = "look at the disk: no checkout gets a yes until it can be written"
    return _finding(Level.BAD, "ledger", f"orders cannot be kept: {reason}", hint)


def _examine_disk(disk: Mapping[str, Any], ledger: Mapping[str, Any]) -> Iterator[Finding]:
    if disk.get("room", "ample") != "ample":
        level = Level.BAD if disk["room"] == "short" else Level.WARNING
        yield _finding(level, "disk", f"{disk['free_mb']} MB are free", _MAKE_ROOM)
    if number := disk.get("renewals"):
        text = f"it failed, and the ledger was copied to go on; since the start {number} times"
        yield _finding(Level.BAD, "disk", text, "replace it: dmesg and smartctl say more")
    if number := ledger.get("damaged_rows"):
        text = f"{number} calls, deliveries or messages were damaged or could not be read"
        yield _finding(Level.BAD, "ledger", text, _DAMAGED)


def _examine_broker(broker: Mapping[str, Any]) -> Iterator[Finding]:
    for name, link in broker.items():
        if isinstance(link, dict) and "state" in link:
            yield _examine_link(name, link)
    for name, reason in broker.get("degraded", {}).items():
        yield _finding(Level.BAD, "broker", f"{name}: {reason}", _hint_of_broker(name, reason))
    for restaurant, reason in broker.get("not_read", {}).items():
        text = f"nothing comes from its queue: {reason}"
        yield _finding(Level.BAD, restaurant, text, _NOT_READ_HINT)
    for restaurant, reason in broker.get("not_through", {}).items():
        hint = "its orders are safe here and go out when the broker takes them"
        yield _finding(Level.BAD, restaurant, f"its events do not get through: {reason}", hint)


def _examine_locks(health: Mapping[str, Any]) -> Iterator[Finding]:
    """Another worker is no fault; that this one does nothing must not surprise anybody."""
    identity = health.get("ledger", {}).get("identity")
    for restaurant, lock in health.get("broker", {}).get("locks", {}).items():
        if lock.startswith("refused"):
            heard = health.get("restaurants", {}).get(restaurant, {})
            who = "another worker"
            if heard.get("worker") not in {None, identity}:
                who = f"worker {heard['worker']} ({heard['console']})"
            text = f"{who} serves it, this one stays idle ({lock})"
            yield _finding(Level.WARNING, restaurant, text, _IDLE_HINT.format(restaurant))


def _hint_of_broker(name: str, reason: str) -> str:
    """What to do, by the first word that the broker says."""
    for word, hint in _BROKER_HINTS.items():
        if word in reason:
            return hint.format(name=name)
    return _BROKER_HINT


def _examine_link(name: str, link: Mapping[str, Any]) -> Finding:
    if link["state"] == "up":
        return _finding(Level.GOOD, "broker", f"the {name} link is up ({link.get('server', '')})")
    text = f"the {name} link is {link['state']}: {link.get('reason') or 'no reason is known'}"
    return _finding(Level.BAD, "broker", text, "orders are kept here and handed over later")


def _examine_pos(restaurant: str, known: Mapping[str, Any]) -> Finding:
    state = PosState(known.get("state", PosState.UNKNOWN))
    reason = f": {known['reason']}" if known.get("reason") else ""
    return _finding(_POS[state], restaurant, f"its POS is {state}{reason}")


def _examine_questions(restaurant: str, asked: Collection[Count]) -> Iterator[Finding]:
    for one in [one for one in asked if one.restaurant == restaurant]:
        side, next_step = question_of(one.reason, one.side)
        whose = f" (side of the {side})" if side else ""
        text = f"{one.number} held for a person to decide: {one.reason or 'see each'}{whose}"
        where = f"pos-bridge orders --restaurant {one.restaurant} --state held"
        yield _finding(
            Level.WARNING, one.restaurant, text, "; ".join(filter(None, (next_step, where)))
        )


def _examine_bounced(restaurant: str, bounced: Collection[Bounced]) -> Iterator[Finding]:
    for one in _BOUNCES:
        found = [
            each
            for each in bounced
            if (each.restaurant, each.kind, each.is_stuck) == (restaurant, one.kind, one.is_stuck)
        ]
        if found:
            names = [each.order_id or each.correlation_id for each in found]
            is_asked = any(each.number >= MOST_BOUNCES for each in found)
            level = Level.BAD if is_asked else Level.WARNING
            text = f"{len(found)} events {one.text}: {', '.join(names[:_FEW])}"
            yield _finding(level, restaurant, text, one.hint)


def _examine_deliveries(restaurant: str, counts: Mapping[str, int]) -> Iterator[Finding]:
    unknown = counts.get("unknown", 0)
    if unknown:
        hint = f"pos-bridge orders --restaurant {restaurant} --state unknown"
        yield _finding(Level.WARNING, restaurant, f"of {unknown} nobody knows yet", hint)
