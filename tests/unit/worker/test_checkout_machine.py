"""The life of checkouts, all hooks in any order, repeated and lost, against a small model.

Guests order, fail to pay, try again, pay, change their minds and get money back, at two
restaurants that share their ids; the POS loses answers and the bridge is killed. Whatever
happens: tickets, voids and refunds end where the model says, and the money adds up.
"""

import asyncio
from collections import defaultdict
from dataclasses import replace
from math import inf

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bridge import canonical
from bridge.adapter import Blind, Capability, Idempotent, ReadBack
from bridge.ledger import recovery
from bridge.model import Availability, Fate, Slip, SlipKind
from bridge.model.event import at
from bridge.worker.booking import Terms
from tests.engine import SLIPS, START, Clock, a_spec
from tests.unit.worker.checkout_model import Cook, Model
from tests.unit.worker.checkout_world import FEE, MENU, Guest, House, Kitchen, told
from tests.unit.worker.test_engine_machine import MemoryLedger

REPEATS = {
    "idempotent": (Idempotent(window=86_400.0), frozenset()),
    "read back": (ReadBack(lag=5.0), frozenset({Capability.LOOKUP})),
    "blind": (Blind(), frozenset()),
}
KINDS = {
    "prints everything": (SLIPS, frozenset()),
    "books refunds": (SLIPS - {SlipKind.REFUND}, frozenset({Capability.REFUND})),
    "prints places only": (frozenset({SlipKind.PLACE}), frozenset()),
}
RESTAURANTS = ("lopez", "garcia")
CHECKOUTS = {"o1": "c1", "o2": "c1", "o3": "c2", "o4": "c2"}
ENDS = {"done", "refused", "held", "voided"}

# Most of it is about the same few, or nothing would ever meet.
whose = st.tuples(
    st.sampled_from(["lopez"] * 7 + ["garcia"]),
    st.sampled_from(["o1"] * 6 + ["o2"] * 2 + ["o3", "o4"]),
)
edits = st.sampled_from(["dishes", "nothing left", "served", "table", "due", "snooze", "closed"])
dishes = st.frozensets(st.sampled_from(sorted(MENU)), min_size=1)
falls = st.sampled_from(["whole", "whole", "half", "tax", "fee"])
placings = st.tuples(whose, st.just("placed"), st.sampled_from(list(Fate)))
calls = st.one_of(
    placings,
    placings,
    st.tuples(whose, st.just("changed"), st.tuples(edits, dishes)),
    st.tuples(whose, st.just("refunded"), st.tuples(falls, st.sampled_from(["Soup", "Salad"]))),
    st.tuples(whose, st.sampled_from(["finished", "cancelled", "cancelled"]), st.none()),
)
roads = st.sampled_from(["straight", "straight", "and out", "detour", "lost"])
news = st.lists(st.tuples(calls, roads), min_size=1, max_size=6)
troubles = st.sampled_from(
    ["lost after it arrived", "lost before it arrived", "unreachable", "busy", "refused", "paper"]
)


class Machine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.model = Model()
        self.houses = {}
        self.under_way = []
        self.taken = []
        self.is_calm = True

    @initialize(
        kind=st.sampled_from(sorted(KINDS)),
        repeat=st.sampled_from(sorted(REPEATS)),
        on_commit=st.booleans(),
        shows_refunds=st.booleans(),
        is_printed=st.booleans(),
    )
    def begin(self, kind, repeat, on_commit, shows_refunds, is_printed):
        (slips, can_do), (repeated, can_find) = KINDS[kind], REPEATS[repeat]
        spec = a_spec(slips=slips, capabilities=can_do | can_find, repeat=repeated, max_in_flight=2)
        ledger, terms = MemoryLedger(self.clock), Terms(on_commit=on_commit, since=START)
        self.houses = {
            name: House(name, ledger, self.clock, Kitchen(spec), terms) for name in RESTAURANTS
        }
        self.guests = {
            (name, order_id): Guest(order_id, checkout, shows_refunds=shows_refunds)
            for name in RESTAURANTS
            for order_id, checkout in CHECKOUTS.items()
        }
        if is_printed:
            self.hear([((("lopez", "o1"), "placed", Fate.WRITTEN), "and out")])

    def run(self, awaitable):
        return self.runner.run(awaitable)

    # What the platform does

    def hear(self, news):
        """A call comes now, and perhaps the lanes do all that it asks for; or later, or never."""
        for call, road in news:
            event = self._make(*call)
            if road == "detour":
                self.under_way.append(event)
            elif road != "lost":
                self.run(self.take(event))
            if road == "and out":
                self.drain()

    def _make(self, whose, hook, details):
        guest, fate = self.guests[whose], Fate.WRITTEN
        if hook == "placed":
            fate = details
        elif hook == "changed":
            guest.edit(*details, self.clock())
        elif hook == "refunded":
            guest.give_back(*details)
        event, (restaurant, _order_id) = guest.tell(hook, fate), whose
        return replace(event, restaurant=restaurant, event=at(event.event, restaurant))

    async def take(self, event):
        """It reaches the bridge and its worker now."""
        self.clock.pass_time(0.001)
        await self._take(replace(event, received_at=self.clock.moment()))

    async def _take(self, event):
        self.taken.append(event)
        self.model.take(event)
        await self.houses[event.restaurant].take(event)

    @rule(news=news, index=st.integers(0, 9), how=st.sampled_from(["late", "again", "a copy"]))
    def hear_of_before(self, news, index, how):
        """What was on its way till now, what is told again, or the very same once more."""
        self.hear(news)
        events = self.under_way if how == "late" else self.taken
        if not events:
            return
        event = events[index % len(events)]
        if how == "late":
            events.remove(event)
        if how == "a copy":
            self.run(self._take(event))
        else:
            event_id = f"{event.event_id}-{len(self.taken)}"
            self.run(self.take(replace(event, event_id=event_id)))

    # What the POS does

    @rule(news=news, call=calls, step=troubles | st.just("taken"))
    def hear_while_it_is_sent(self, news, call, step):
        async def meanwhile():
            await self.take(self._make(*call))

        self.hear(news)
        self.is_calm &= step == "taken"
        self.be_well()
        (restaurant, _order_id), *_ = call
        self.houses[restaurant].pos_system.play(step, meanwhile)
        self.turn()

    @rule(news=news, step=troubles)
    def fail(self, news, step):
        self.hear(news)
        self.is_calm = False
        self.houses["lopez"].pos_system.play(step)
        self.turn()

    def be_well(self):
        for house in self.houses.values():
            house.pos_system.script.clear()
            house.pos.watch.heard(Availability.up(), self.clock.moment())

    # What the bridge does

    def turn(self):
        for house in self.houses.values():
            self.run(house.turn())

    def drain(self):
        for house in self.houses.values():
            self.run(house.drain())

    @rule(news=news, seconds=st.sampled_from([1, 20, 130, 1000]))
    def pass_time(self, news, seconds):
        """The lanes wake whenever there is something to do."""
        self.hear(news)
        end = self.clock() + seconds
        while self.clock() < end:
            self.drain()
            self.clock.at = min(self._next_moment(), end)
        self.drain()

    def _next_moment(self):
        moments = [self.run(house.next_moment()) for house in self.houses.values()]
        return min((moment for moment in moments if moment is not None), default=inf)

    @rule(news=news, arrives=st.booleans())
    def be_killed(self, news, arrives):
        self.hear(news)
        self.is_calm = False
        self.run(self._be_killed(self.houses["lopez"], arrives=arrives))

    async def _be_killed(self, house, *, arrives):
        reached = asyncio.Event()

        async def hang(ticket, key):
            if arrives:
                house.pos_system.take(ticket, key)
            reached.set()
            await asyncio.Event().wait()

        house.pos_system.script = [hang, hang]
        await house.lane._turn()
        running = set(house.lane._running.values())
        if running:
            waiting = asyncio.ensure_future(reached.wait())
            await asyncio.wait({waiting, *running}, return_when=asyncio.FIRST_COMPLETED)
            for task in (waiting, *running):
                task.cancel()
            await asyncio.wait({waiting, *running})
        house.pos_system.script = []
        await house.ledger.write(lambda tx: recovery.recover(tx, self.clock()))
        house.renew()

    # What must be so

    @invariant()
    def nothing_comes_out_twice(self):
        for house in self.houses.values():
            papers = house.pos_system.papers
            assert len({key for key, _paper in papers}) == len(papers)
            places = [paper for _key, paper in papers if paper["kind"] == "place"]
            plain = [paper["order"] for paper in places if not paper["marked"]]
            assert len(plain) == len(set(plain)), papers
            # Nothing else comes out before its ticket.
            assert {paper["order"] for _key, paper in papers} == {one["order"] for one in places}

    def teardown(self):
        try:
            if self.houses:
                self.come_to_rest()
        finally:
            for house in self.houses.values():
                house.ledger.connection.close()
            self.runner.close()

    @rule(news=news)
    def rest(self, news):
        self.hear(news)
        self.come_to_rest()

    def come_to_rest(self):
        moment = self.clock()
        while moment < inf:
            self.clock.at = moment
            self.be_well()
            self.drain()
            moment = self._next_moment()
        self.nothing_comes_out_twice()
        for (restaurant, _checkout), visit in self.model.visits.items():
            house = self.houses[restaurant]
            rows = defaultdict(list)
            for row in self.run(house.rows()):
                rows[row.order_id].append(row)
            for order_id, story in visit.stories.items():
                check_order(house, visit, story, rows[order_id])
                if self.is_calm:
                    assert all(lacks_sign(row) for row in questions(rows[order_id]))
            check_fees(visit, rows)


def questions(rows):
    """What a person must decide, or a POS has decided."""
    return [
        row
        for row in rows
        if row.state == "refused" or (row.state == "held" and row.timer != "task")
    ]


def lacks_sign(row):
    """True for what the clock has held: no sign came, or it came after the promised time."""
    return row.timer == "hold" or (row.released_at or 0) >= row.promise_at


def check_order(house, visit, story, rows):
    held = min((row.id for row in questions(rows) if row.state == "held"), default=inf)
    assert all(row.state in ENDS or row.id > held for row in rows), rows
    check_not_lost(visit, story, rows)
    check_money(visit, story, rows)
    if not questions(rows):
        check_kitchen(house, visit, story, rows)


def check_not_lost(visit, story, rows):
    if (story.is_signed or story.is_answered) and visit.is_waiting(story):
        places = [row.state for row in rows if row.operation == "place"]
        assert places, "never opened"
        assert places[-1] != "voided" or "refused" in places, rows


def check_kitchen(house, visit, story, rows):
    cook = let_cook_read(house.pos_system, rows)
    is_due = story.is_signed or (story.is_answered and not house.terms.on_commit)
    if cook.makes is None:
        assert not is_due or not visit.is_waiting(story), rows
    else:
        least, most = visit.to_make(story)
        assert is_due, rows
        assert least <= cook.makes <= most, (least, cook.makes, most, rows)


def let_cook_read(pos, rows):
    """What came out of the POS, and what its staff are told to write on the ticket by hand."""
    cook = Cook()
    for row in rows:
        if row.state == "done":
            paper = pos.tickets[row.key]
            cook.read(paper["kind"], paper["dishes"], paper["differences"])
        elif row.timer == "task":
            slip = canonical.decode(Slip, row.slip)
            cook.read(slip.kind, [], told(slip))
    return cook


def check_money(visit, story, rows):
    given = [line for line in refund_lines(rows) if not line.is_charge]
    fallen = visit.fallen(story)
    if is_in_pos(rows):
        assert cents(given) == fallen, (fallen, rows)
    assert cents(given) <= fallen
    assert sum(row.amount_cents for row in rows if is_refund(row)) == cents(refund_lines(rows))


def check_fees(visit, rows):
    """A fee is given back once, whatever the number of orders; with one that was refunded."""
    lines = [line for order_id in visit.stories for line in refund_lines(rows[order_id])]
    given = cents([line for line in lines if line.is_charge])
    fallen = sum(FEE - price for price, _tax in visit.fees.values())
    named = [order_id for order_id, story in visit.stories.items() if visit.is_named(story)]
    if named and all(is_in_pos(rows[order_id]) for order_id in named):
        assert given == fallen, rows
    assert given <= fallen


def is_refund(row):
    return row.operation == "refund" and row.state != "voided"


def is_in_pos(rows):
    """True if the POS has the order, or is asked whether it has."""
    tickets = [row for row in rows if row.operation != "refund" and row.state != "voided"]
    places = [row for row in rows if row.operation == "place"]
    is_there = bool(places) and places[-1].state in {"done", "held"}
    return is_there and tickets[-1].operation != "cancel"


def refund_lines(rows):
    slips = [canonical.decode(Slip, row.slip) for row in rows if is_refund(row)]
    return [line for slip in slips for line in slip.refund.lines]


def cents(lines):
    return sum(line.price_cents + line.tax_cents for line in lines)


Machine.TestCase.settings = settings(
    # Short lives: what comes later heals what was wrong before, and nobody would see it.
    max_examples=500,
    stateful_step_count=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestCheckouts = Machine.TestCase
