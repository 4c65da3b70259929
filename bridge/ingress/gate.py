"""May this checkout go on? A pure judgement, and the gate that asks the POS when it must.

up and fresh, nothing sold out   accept, from memory
unknown, stale, failing          ask the POS once, live, if it runs in this process
proven down beyond `grace`       as the restaurant's policy says: refuse (503) or accept
orders wait beyond `max_wait`    the same, be it here or at the worker
no worker heard for too long     the same, but only while one would have been heard
closed, sold out                 409
unknown after all                accept: unknown alone never blocks
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from bridge import fault
from bridge.model import Deadline, Heard, PosState, Pulse, Pulses

FRESH = 15.0
BEAT_LIMIT = 2.0
SILENCE_LIMIT = 180.0
PROBE_BUDGET = 0.8
# A flight that its own deadline did not end, because nobody is there to look at it.
STRANDED = PROBE_BUDGET + 0.2

# Since when the oldest order of a restaurant waits in this process, if one does.
WaitingSince = Callable[[str], datetime | None]
LiveProbe = Callable[[str, Deadline], Awaitable[bool | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateTerms:
    """A restaurant's policy, in seconds."""

    refuse_when_down: bool = True
    grace: float = 0.0
    max_wait: float = 600.0


class Dish(Protocol):
    """What the gate looks at in a line of an order, or of a cart."""

    @property
    def menu_item_id(self) -> str: ...

    @property
    def name(self) -> str: ...


class Move(Enum):
    ACCEPT = "accept"
    REFUSE = "refuse"
    PROBE = "probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`code` and `reason` explain a refusal; `evidence` is recorded either way.

    `reason` may be the POS's own words, for staff; `sold_out` names what a guest cannot have.
    """

    move: Move
    evidence: dict[str, Any]
    status: int = 200
    code: str = "accepted"
    reason: str = ""
    sold_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What the gate knows now.

    `age`: how old the newest pulse is; `silence`: for how long a worker would have been heard and
    was not; `waiting_since`: since when the oldest order waits here for a worker to have it.
    `probe` is the live probe's answer: True, False, None unclear.
    """

    heard: Heard | None
    age: float
    silence: float
    now: datetime
    waiting_since: datetime | None = None
    can_probe: bool
    probed: bool = False
    probe: bool | None = None

    @property
    def pulse(self) -> Pulse | None:
        return self.heard.pulse if self.heard else None

    @property
    def fresh_pulse(self) -> Pulse | None:
        """None for one that is old news."""
        return self.pulse if self.age <= FRESH else None


def judge(dishes: Sequence[Dish], terms: GateTerms, known: Knowledge) -> Judgement:
    """The decision from what is known, or the wish to know more."""
    evidence = _evidence(known)
    if known.silence >= SILENCE_LIMIT:
        return _down(terms, "no worker was heard for three minutes", evidence)
    pulse = known.fresh_pulse
    if pulse is None:
        return _judge_waiting(terms, known, evidence)
    if not known.probed and known.can_probe and _needs_probe(known, pulse):
        return Judgement(move=Move.PROBE, evidence=evidence)
    return _judge_pos(dishes, terms, known, pulse)


def _judge_pos(
    dishes: Sequence[Dish], terms: GateTerms, known: Knowledge, pulse: Pulse
) -> Judgement:
    """What the POS itself is known to say."""
    evidence, said = _evidence(known), pulse.availability
    if said.state is PosState.CLOSED:
        return _refuse(409, "closed", said.reason or "the restaurant is closed", evidence)
    if _is_down(known, pulse) and _outlasts_grace(terms, known, pulse):
        return _down(terms, said.reason or "the POS does not answer", evidence)
    missing = [dish.name for dish in dishes if dish.menu_item_id in said.sold_out]
    if missing:
        names = tuple(dict.fromkeys(missing))
        return _refuse(409, "sold_out", f"sold out: {', '.join(names)}", evidence, sold_out=names)
    return _judge_waiting(terms, known, evidence)


def _judge_waiting(terms: GateTerms, known: Knowledge, evidence: dict[str, Any]) -> Judgement:
    """What counts even when nothing is known of the POS itself."""
    pulse = known.fresh_pulse
    waits = {
        "orders wait too long for the POS": pulse.oldest_due_at if pulse else None,
        "orders wait too long: no worker takes them": known.waiting_since,
    }
    for reason, since in waits.items():
        if since is not None and (known.now - since).total_seconds() > terms.max_wait:
            return _down(terms, reason, evidence)
    return _accept(evidence)


def _needs_probe(known: Knowledge, pulse: Pulse) -> bool:
    """True unless the POS gave a good, fresh sign; a worker too busy to beat is left alone."""
    if known.age > BEAT_LIMIT:
        return False
    checked_at = pulse.availability.checked_at
    if checked_at is None or pulse.failing_since is not None:
        return True
    is_fresh = (known.now - checked_at).total_seconds() <= FRESH
    return not is_fresh or pulse.availability.state is not PosState.UP


def _is_down(known: Knowledge, pulse: Pulse) -> bool:
    if known.probed:
        return known.probe is False or (known.probe is None and pulse.proven_down)
    return pulse.proven_down


def _outlasts_grace(terms: GateTerms, known: Knowledge, pulse: Pulse) -> bool:
    # Without grace no clock counts: that of a worker elsewhere may be ahead of ours.
    if terms.grace <= 0 or pulse.failing_since is None:
        return terms.grace <= 0
    return (known.now - pulse.failing_since).total_seconds() >= terms.grace


def _evidence(known: Knowledge) -> dict[str, Any]:
    pulse = known.pulse
    evidence: dict[str, Any] = {
        "worker_heard_s_ago": round(known.age, 3) if pulse else None,
        "silence_s": round(known.silence, 3),
        "waiting_since": _text(known.waiting_since),
    }
    if known.probed:
        evidence["live_probe"] = {True: "good", False: "failed", None: "unclear"}[known.probe]
    if pulse is not None:
        evidence["state"] = pulse.availability.state
        evidence["reason"] = pulse.availability.reason
        evidence["proven_down"] = pulse.proven_down
        evidence["checked_at"] = _text(pulse.availability.checked_at)
        evidence["failing_since"] = _text(pulse.failing_since)
        evidence["oldest_due_at"] = _text(pulse.oldest_due_at)
    return evidence


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None


def _accept(evidence: dict[str, Any]) -> Judgement:
    return Judgement(move=Move.ACCEPT, evidence=evidence)


def _down(terms: GateTerms, reason: str, evidence: dict[str, Any]) -> Judgement:
    if not terms.refuse_when_down:
        return _accept({**evidence, "down_but_policy_accepts": reason})
    return _refuse(503, "pos_down", reason, evidence)


def _refuse(
    status: int,
    code: str,
    reason: str,
    evidence: dict[str, Any],
    *,
    sold_out: tuple[str, ...] = (),
) -> Judgement:
    return Judgement(
        move=Move.REFUSE,
        status=status,
        code=code,
        reason=reason,
        evidence=evidence,
        sold_out=sold_out,
    )


class Gate:
    """Judges from memory; probes live at most once at a time for each restaurant."""

    def __init__(
        self,
        pulses: Pulses,
        terms: dict[str, GateTerms],
        *,
        now: Callable[[], datetime],
        live_probe: LiveProbe | None = None,
        waiting_since: WaitingSince = lambda _restaurant: None,
    ) -> None:
        self._pulses = pulses
        self._terms = terms
        self._now = now
        self._live_probe = live_probe
        self._waiting_since = waiting_since
        self._flights: dict[str, asyncio.Task[bool | None]] = {}

    async def decide(
        self, restaurant: str, dishes: Sequence[Dish], deadline: Deadline
    ) -> Judgement:
        """Accept or refuse these dishes there, within what the deadline leaves."""
        terms = self._terms[restaurant]
        judgement = judge(dishes, terms, self._know(restaurant))
        if judgement.move is not Move.PROBE:
            return judgement
        probe = await self._ask(restaurant, deadline)
        return judge(dishes, terms, self._know(restaurant, probed=True, probe=probe))

    def _know(
        self, restaurant: str, *, probed: bool = False, probe: bool | None = None
    ) -> Knowledge:
        return Knowledge(
            heard=self._pulses.find(restaurant),
            age=self._pulses.age(restaurant),
            silence=self._pulses.silence(restaurant),
            now=self._now(),
            waiting_since=self._waiting_since(restaurant),
            can_probe=self._live_probe is not None,
            probed=probed,
            probe=probe,
        )

    async def _ask(self, restaurant: str, deadline: Deadline) -> bool | None:
        flight = self._flights.get(restaurant)
        if flight is None:
            flight = asyncio.create_task(self._fly(restaurant), name=f"probe-{restaurant}")
            self._flights[restaurant] = flight
            flight.add_done_callback(lambda _task: self._flights.pop(restaurant, None))
        # The time-out belongs to this checkout alone; the flight serves all who wait for it.
        done, _pending = await asyncio.wait({flight}, timeout=deadline.within(PROBE_BUDGET))
        # A worker that is stopped cancels its probe; that must not cancel the checkout.
        return flight.result() if done and not flight.cancelled() else None

    async def _fly(self, restaurant: str) -> bool | None:
        if self._live_probe is None:
            return None
        try:
            async with asyncio.timeout(STRANDED):
                return await self._live_probe(restaurant, Deadline.after(PROBE_BUDGET))
        except TimeoutError:
            return None
        except Exception as error:  # noqa: BLE001  whatever it is, it says nothing of the POS
            fault.tell("live_probe_failed", error, restaurant=restaurant)
            return None
