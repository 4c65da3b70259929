"""The life of checkouts, all hooks in any order, repeated and lost, against two small models.

Guests fill carts, type codes, start and fail to pay, try again, order, pay, change their minds
and get money back, at two restaurants that share their ids; the POS loses answers, the disk is
lost, the bridge is killed. Whatever happens: tickets, voids, refunds and promotions end where the
models say, and from quote to order to refund the money adds up.
"""

import asyncio
from collections import defaultdict
from math import inf

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bridge.ingress.promotions import UNCHECKED
from bridge.ingress.quotes import REPEATED_FOR
from bridge.ledger import recovery
from bridge.ledger.promotions import RESERVED_FOR
from bridge.model import (
    Availability,
    CheckoutCancelled,
    CheckoutFinished,
    CheckoutStarted,
    Fate,
)
from bridge.sources.bbot import Hook
from bridge.worker.booking import Terms
from tests.engine import START, Clock, a_spec
from tests.ledgers import MemoryLedger
from tests.unit.checkout.door import Door
from tests.unit.checkout.ends import (
    check_fees,
    check_order,
    check_paid,
    check_record,
    check_uses,
    lacks_sign,
    questions,
)
from tests.unit.checkout.guests import RESTAURANTS, Bill, Visitor, heard, off_by
from tests.unit.checkout.happenings import calls, codes, come, hunts, news, troubles
from tests.unit.checkout.kitchen_model import Kitchens
from tests.unit.checkout.kitchens import KINDS, REPEATS, House, Kitchen
from tests.unit.checkout.promotion_model import Promotions

CHECKOUTS = {"o1": "c1", "o2": "c1", "o3": "c2", "o4": "c2"}


class Machine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.kitchens = Kitchens()
        self.promotions = Promotions()
        self.houses = {}
        self.under_way = []
        self.taken = []
        self.is_calm = True
        self.answers = 0

    @initialize(
        kind=st.sampled_from(sorted(KINDS)),
        repeat=st.sampled_from(sorted(REPEATS)),
        on_commit=st.booleans(),
        shows_refunds=st.booleans(),
        is_forgetful=st.sampled_from([False, False, False, True]),
        first=st.none() | codes,
    )
    def begin(self, kind, repeat, on_commit, shows_refunds, is_forgetful, first):
        (slips, can_do), (repeated, can_find) = KINDS[kind], REPEATS[repeat]
        spec = a_spec(slips=slips, capabilities=can_do | can_find, repeat=repeated, max_in_flight=2)
        self.is_forgetful = is_forgetful
        self.door = Door(self.clock, is_forgetful=is_forgetful)
        ledger, terms = MemoryLedger(self.clock), Terms(on_commit=on_commit, since=START)
        self.houses = {
            name: House(name, ledger, self.clock, Kitchen(spec), terms) for name in RESTAURANTS
        }
        self.visitors = {
            (name, checkout): Visitor(name, checkout)
            for name in RESTAURANTS
            for checkout in CHECKOUTS.values()
        }
        self.bills = {
            (name, order_id): Bill(
                order_id, self.visitors[name, checkout], shows_refunds=shows_refunds
            )
            for name in RESTAURANTS
            for order_id, checkout in CHECKOUTS.items()
        }
        if first is not None:
            cart = frozenset({"Salad", "Soup"}), "ann@example.com"
            self.hear(come(("lopez", "o1"), first, cart, Fate.WRITTEN, "and out"))

    def run(self, awaitable):
        return self.runner.run(awaitable)

    # What the platform does

    def hear(self, news):
        """A call comes now, and perhaps the lanes do all that it asks for; or later, or never."""
        for call, road in news:
            self.run(self._hear(call, road))
            if road == "and out":
                self.drain()

    async def _hear(self, call, road):
        said = await self._make(*call)
        if road == "detour":
            self.under_way.append(said)
        elif road != "lost":
            await self.take(said, is_heard=True)

    async def _make(self, whose, hook, details):
        restaurant, order_id = whose
        visitor = self.visitors[restaurant, CHECKOUTS[order_id]]
        match hook:
            case "checked":
                return await self._make_check(visitor, *details)
            case "started":
                cart, is_closed = details
                visitor.dishes = cart or visitor.dishes
                return visitor.start(is_closed=is_closed)
            case "finished" | "cancelled":
                return visitor.end(Hook(f"checkout-{hook}"))
            case _:
                return self._make_of_order(self.bills[whose], hook, details)

    def _make_of_order(self, bill, hook, details):
        bill.settle()
        match hook:
            case "placed":
                return bill.place(details)
            case "changed":
                bill.edit(*details, self.clock())
                return bill.change()
            case _:
                bill.give_back(*details)
                return bill.refund()

    async def _make_check(self, visitor, typed, cart, person):
        visitor.dishes, visitor.person = cart, person
        if typed and not visitor.prompts:
            # Nobody can type before there is something to type into.
            await self.take(visitor.check(), is_heard=True)
        return visitor.check(typed)

    async def take(self, said, *, is_heard=False):
        """It reaches the bridge now, and what the kitchens are to hear their workers."""
        self.clock.pass_time(0.001)
        if said.is_question:
            await self._ask(said, is_heard=is_heard)
        else:
            await self._tell(said)

    async def _ask(self, said, *, is_heard):
        """`is_heard`: the platform waits for the answer."""
        event, name = said.event, (said.restaurant, said.event.checkout_id)
        starts = isinstance(event, CheckoutStarted)
        if starts and not self.promotions.visits[name].is_known:
            # The start itself does not say who the guest is.
            await self.take(self.visitors[name].check())
        self.answers += 1
        document = heard(said, await self.door.ask(said))
        told = {each.get("text") for each in document["prompts_to_guest"]}
        is_sure = not self.is_forgetful and UNCHECKED not in told
        now = self.clock.moment().timestamp()
        self.promotions.answer(event, now, self.answers, off_by(document), is_sure=is_sure)
        if starts:
            assert document["allow_checkout"] is not said.is_closed
        if said.is_closed:
            self.promotions.cancel(name)
        if is_heard:
            self.visitors[name].read(said, document, self.answers)
        self.taken.append((said, []))

    async def _tell(self, said):
        handovers = await self.door.tell(said)
        name = said.restaurant, said.event.checkout_id
        # Also what could not be kept is so, and may never be told again.
        match said.event:
            case CheckoutFinished():
                self.promotions.finish(name, self.clock.moment().timestamp())
            case CheckoutCancelled():
                self.promotions.cancel(name)
        self.taken.append((said, handovers))
        if handovers:
            self.kitchens.take(said)
        await self._carry(handovers)

    async def _carry(self, handovers):
        for one in handovers:
            await self.houses[one.restaurant].take(one)

    @rule(news=news, index=st.integers(0, 9), how=st.sampled_from(["late", "again", "a copy"]))
    def hear_of_before(self, news, index, how):
        """What was on its way till now, what is told again, or the very same once more."""
        self.hear(news)
        if how == "late" and self.under_way:
            self.run(self.take(self.under_way.pop(index % len(self.under_way))))
        if how == "late" or not self.taken:
            return
        said, handovers = self.taken[index % len(self.taken)]
        self.run(self.take(said) if how == "again" else self._carry(handovers))

    # What the POS does

    @rule(news=news, call=calls, step=troubles | st.just("taken"))
    def hear_while_it_is_sent(self, news, call, step):
        wrong = []

        async def meanwhile():
            try:
                await self.take(await self._make(*call), is_heard=True)
            except Exception as error:
                # The lane would take it for a mistake of the POS.
                wrong.append(error)
                raise

        self.hear(news)
        self.is_calm &= step == "taken"
        self.be_well()
        (restaurant, _order_id), *_ = call
        self.houses[restaurant].pos_system.play(step, meanwhile)
        self.turn()
        for error in wrong:
            raise error

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

    @rule(
        news=news,
        seconds=st.sampled_from([1, 20, 20, 130, 130, 1000, REPEATED_FOR, RESERVED_FOR]),
    )
    def pass_time(self, news, seconds):
        self.hear(news)
        self.live_for(seconds)

    def live_for(self, seconds):
        """The lanes wake whenever there is something to do."""
        end = self.clock() + seconds
        while self.clock() < end:
            self.drain()
            self.clock.at = min(self._next_moment(), end)
        self.drain()

    def _next_moment(self):
        moments = [self.run(house.next_moment()) for house in self.houses.values()]
        return min((moment for moment in moments if moment is not None), default=inf)

    @rule(hunt=hunts, seconds=st.sampled_from([0, 0, REPEATED_FOR, RESERVED_FOR]))
    def hunt_for_codes(self, hunt, seconds):
        self.hear(hunt)
        self.live_for(seconds)

    @rule(news=news, seconds=st.sampled_from([0, 0, REPEATED_FOR, RESERVED_FOR]))
    def lose_the_disk(self, news, seconds):
        """That of the door, for as long as this lasts: no kitchen hears of anything."""
        self.door.ledger.down = True
        self.hear(news)
        self.live_for(seconds)
        self.door.ledger.catch_up()

    @rule(news=news)
    def restart_the_door(self, news):
        self.hear(news)
        self.run(self.door.restart())
        self.promotions.restart()

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

    @invariant()
    def codes_are_used_as_they_may_be(self):
        if self.houses:
            now = self.clock.moment().timestamp()
            rows = self.door.ledger.rows()
            check_uses(rows, now)
            if not self.is_forgetful:
                check_record(rows, self.promotions, now)

    def teardown(self):
        try:
            if self.houses:
                self.come_to_rest()
        finally:
            if self.houses:
                self.door.ledger.close()
            for house in self.houses.values():
                house.ledger.close()
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
        self.codes_are_used_as_they_may_be()
        for (restaurant, checkout), visit in self.kitchens.visits.items():
            house = self.houses[restaurant]
            rows = defaultdict(list)
            for row in self.run(house.rows()):
                rows[row.order_id].append(row)
            for order_id, story in visit.stories.items():
                check_order(house, visit, story, rows[order_id])
                paid = self.promotions.paid_in(restaurant, checkout)
                check_paid(self.bills[restaurant, order_id], rows[order_id], paid)
                if self.is_calm:
                    asked = questions(rows[order_id])
                    assert all(lacks_sign(row) for row in asked), asked
            check_fees(visit, rows)


Machine.TestCase.settings = settings(
    # Short lives: what comes later heals what was wrong before, and nobody would see it.
    max_examples=500,
    stateful_step_count=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestCheckouts = Machine.TestCase
