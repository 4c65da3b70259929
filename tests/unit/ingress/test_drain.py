"""Ten thousand orders of an outage of half an hour: how fast they leave, and what becomes of them.

The clock moves by hand. The broker is in memory; ledgers, gate, outbox and lane are the real ones.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import pytest

from bridge.ingress.backlog import Backlog
from bridge.ingress.courier import Courier
from bridge.ingress.forwarder import Forwarder
from bridge.ingress.gate import Gate, GateTerms, Move
from bridge.ingress.pace import Pace
from bridge.ledger import Ledger, outbox, requests
from bridge.model import Answer, Deadline, Fate, OrderPlaced, Pulses
from bridge.telemetry import Metrics
from tests.engine import RESTAURANT, START, Engine, MemoryPos, a_spec, an_order, moment
from tests.ledgers import MemoryLedger
from tests.wires import FakeLines

ORDERS = 10_000
HALF_AN_HOUR = 1800.0
# Some of these come back with a second order.
CHECKOUTS = 7000
RATE = 20.0
TICK = 0.25
YES = Answer(status=200, code="accepted", body=b"{}")


def an_event(number, at):
    checkout = number % CHECKOUTS if number < ORDERS else number
    order = an_order(order_id=f"o{number}", checkout=f"c{checkout}")
    return requests.Request(
        received_at=at,
        endpoint="e",
        hook="order-injection",
        correlation_id=f"x{number}",
        content_type="application/json",
        body=b"{}",
        restaurant=RESTAURANT,
        order_id=order.id,
        checkout_id=order.checkout_id,
        event=OrderPlaced(order=order),
    )


def record(tx, calls):
    for call in calls:
        seq = requests.record(tx, call, YES, hand_over=True).seq
        requests.settle(tx, seq, Fate.WRITTEN)


@dataclass
class Site:
    """An ingress whose broker can go away, and the moment at which each order left it."""

    ledger: MemoryLedger
    wall: object
    terms: GateTerms
    lines: FakeLines = field(default_factory=FakeLines)
    left_at: dict = field(default_factory=dict)
    refused: list = field(default_factory=list)

    def __post_init__(self):
        pulses = Pulses(self.wall)
        pulses.hears = False
        self.backlog = Backlog(self.ledger, (RESTAURANT,))
        self.gate = Gate(
            pulses,
            {RESTAURANT: self.terms},
            now=self.wall.moment,
            waiting_since=self.backlog.waiting_since,
        )
        pace = Pace({RESTAURANT: RATE}, now=self.wall, clock=self.wall)
        courier = Courier(
            self.ledger,
            self.lines,
            pulses=pulses,
            metrics=Metrics(),
            restaurants=(RESTAURANT,),
            pace=pace,
            clock=self.wall,
        )
        self.forwarder = Forwarder(
            self.ledger,
            courier.hand_over,
            restaurants=(RESTAURANT,),
            pace=pace,
            clock=self.wall,
        )

    async def order(self, numbers, at):
        """What guests order until then, one after the other, since the clock stood last."""
        began, calls = self.wall(), []
        for place, number in enumerate(numbers):
            self.wall.at = began + (at - began) * place / len(numbers)
            if await self._is_welcome():
                calls.append(an_event(number, self.wall()))
            else:
                self.refused.append(number)
        self.wall.at = at
        await self.ledger.write(lambda tx: record(tx, calls))
        await self.backlog.look()

    async def live_through_an_outage(self, seconds=HALF_AN_HOUR):
        self.lines.is_ready = False
        for minute in range(60):
            first, last = (ORDERS * each // 60 for each in (minute, minute + 1))
            await self.order(range(first, last), START + seconds * (minute + 1) / 60)
        self.lines.is_ready = True

    async def tick(self):
        """A moment later: the events that left meanwhile, as a worker gets them."""
        self.wall.pass_time(TICK)
        while await self.forwarder._turn():
            pass
        events, self.lines.publisher.sent = self.lines.publisher.messages, []
        for event in events:
            assert event.event.order_id not in self.left_at
            self.left_at[event.event.order_id] = self.wall()
        seqs = tuple(event.seq for event in events)
        await self.ledger.write(lambda tx: requests.recorded(tx, RESTAURANT, seqs, self.wall()))
        return events

    async def _is_welcome(self):
        judgement = await self.gate.decide(RESTAURANT, (), Deadline.after(1.0))
        return judgement.move is Move.ACCEPT


@pytest.fixture
def outage(wall):
    """An ingress's ledger in memory: thousands of commits need no disk here."""
    ledger = MemoryLedger(now=wall)
    ledger.identity = "i"
    yield ledger
    ledger.close()


@pytest.fixture
def build(outage, wall):
    return lambda **terms: Site(outage, wall, GateTerms(**terms))


async def test_what_waited_leaves_in_order_while_new_orders_do_not_wait(build, wall):
    site = build(max_wait=3600.0)
    await site.live_through_an_outage()
    assert site.refused == []

    waits, left = [], []
    came_back = wall()
    number = ORDERS
    while len(left) < ORDERS:
        if number % 4 == 0:
            await site.order([number], wall())
        ordered_at = wall()
        events = await site.tick()
        left += [event for event in events if int(event.event.order_id[1:]) < ORDERS]
        if number % 4 == 0:
            waits.append(site.left_at[f"o{number}"] - ordered_at)
        number += 1

    assert max(waits) < 2.0
    assert len(waits) > 100
    outage = [event.seq for event in left if event.received_at <= moment(came_back - 10.0)]
    assert outage == sorted(outage)
    by_checkout = defaultdict(list)
    for event in left:
        by_checkout[event.event.checkout_id].append(event.seq)
    assert all(seqs == sorted(seqs) for seqs in by_checkout.values())
    assert len(by_checkout) == CHECKOUTS
    # A second's worth may be saved up, and the newest ten seconds count as fresh.
    per_second = Counter(int(site.left_at[f"o{number}"]) for number in range(ORDERS))
    first, *others = [per_second[second] for second in sorted(per_second)]
    assert first <= 2 * RATE + ORDERS * 10.0 / HALF_AN_HOUR
    assert max(others) <= RATE + 1


async def test_with_the_usual_terms_the_policy_refuses_and_what_is_late_is_held(
    build, wall, tmp_path
):
    worker = await Ledger.open(tmp_path / "worker", now=wall)
    engine = Engine(worker, wall, MemoryPos(a_spec(max_in_flight=50)))
    try:
        await outlive_the_patience(build(), engine)
    finally:
        worker.close()


async def outlive_the_patience(site, engine):
    await site.live_through_an_outage()
    patience = GateTerms().max_wait
    accepted = ORDERS - len(site.refused)
    assert site.refused == list(range(accepted, ORDERS))
    assert accepted == pytest.approx(ORDERS * patience / HALF_AN_HOUR, rel=0.05)

    # Nobody mends it at once: what came first is late by now, with every second more of it.
    engine.clock.pass_time(60.0)
    promised, left = {}, 0
    while left < accepted:
        events = await site.tick()
        left += len(events)
        await engine.take(*events)
        await engine.turn()
        promised |= {
            event.event.order_id: event.received_at.timestamp() + engine.terms.give_up_after
            for event in events
        }

    late = {name for name, promise in promised.items() if promise <= site.left_at[name]}
    rows = await engine.rows()
    assert {row.order_id for row in rows if row.state == "held"} == late
    assert {row.cause for row in rows if row.state == "held"} == {"late: print?"}
    assert {row.state for row in rows if row.order_id not in late} == {"done"}
    assert 0 < len(late) < accepted
    assert len(rows) == accepted


async def test_no_query_of_the_outbox_looks_at_all_that_waits(outage):
    calls = [an_event(number, START + number / 10) for number in range(500)]
    await outage.write(lambda tx: record(tx, calls))
    told = []
    outage._connection.set_trace_callback(told.append)

    def look(tx):
        stale = {RESTAURANT: 5}
        outbox.list_next(tx, "i", (RESTAURANT,), since=START + 20, stale=stale, limit=256)
        requests.late(tx, START, [RESTAURANT], "i")
        outbox.waiting_since(tx, (RESTAURANT,))

    await outage.read(look)
    outage._connection.set_trace_callback(None)
    queries = [query for query in told if "request" in query]
    assert len(queries) >= 5
    for query in queries:
        plan = [row["detail"] for row in outage.rows(f"EXPLAIN QUERY PLAN {query}")]
        # The oldest of all is the first entry of an index.
        scans = [step for step in plan if step.startswith(("SCAN request", "SCAN r"))]
        assert [step for step in scans if not step.endswith("INDEX request_outbox")] == [], query
        # What is read whole is never sorted; of what was published the numbers are.
        sorts = [step for step in plan if "TEMP B-TREE" in step]
        assert not sorts or "request_published" in query, query
