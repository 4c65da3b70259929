"""Refunds: a state told by the platform, turned into what fell, exactly once, to the cent."""

import random
from dataclasses import replace

import pytest

from bridge.adapter import Capability
from bridge.ledger import history
from bridge.model import Fate, SlipKind, Totals
from bridge.worker.booking import Terms
from tests.engine import (
    RESTAURANT,
    Engine,
    MemoryPos,
    a_spec,
    an_order,
    cancelled,
    changed,
    dish,
    later,
    nothing,
    placed,
    refunded,
)

FULL = (1000, 90)


def of(*lines, **more):
    return replace(nothing(**more), lines=lines)


ORDER = of(dish("Ceviche", 2, *FULL), dish("Soup", 1, 500, 45))
TEA = of(dish("Tea", 1, 300, 27), order_id="o2")


class BookingPos(MemoryPos):
    """Books refunds itself."""

    def __init__(self):
        super().__init__(a_spec(capabilities=frozenset({Capability.REFUND})))
        self.refunds = []

    async def refund(self, ticket, key, pos_ref):
        self.refunds.append((ticket, pos_ref))
        return self.take(ticket, key)


def served(order):
    """Every unit of it is done."""
    lines = [
        replace(line, units=tuple(replace(unit, status="done") for unit in line.units))
        for line in order.lines
    ]
    return replace(order, lines=tuple(lines))


async def amounts(engine):
    return [row.amount_cents for row in await engine.rows() if row.operation == "refund"]


async def slips(engine):
    book = await engine.book()
    return [one.slip for one in book.deliveries if one.operation == "refund"]


@pytest.fixture
async def printed(engine):
    """The order's ticket is out."""
    await engine.take(placed(ORDER), changed(ORDER))
    await engine.drain()
    return engine


# What fell


async def test_a_refund_brings_what_fell_of_price_and_tax(printed):
    await printed.take(refunded({"Ceviche-0": (0, 0), "Ceviche-1": FULL, "Soup-0": (500, 45)}))
    assert await amounts(printed) == [1090]


async def test_each_new_state_brings_one_refund_of_what_fell_since(printed):
    for left in [(700, 63), (700, 63), (100, 9), (0, 0)]:
        await printed.take(refunded({"Ceviche-0": left}))
    assert await amounts(printed) == [327, 654, 109]


async def test_an_older_state_that_comes_late_brings_nothing(printed):
    await printed.take(refunded({"Ceviche-0": (0, 0)}), refunded({"Ceviche-0": (700, 63)}))
    assert await amounts(printed) == [1090]


async def test_of_two_states_that_cross_each_item_counts_with_its_least(printed):
    await printed.take(refunded({"Ceviche-0": (0, 0), "Soup-0": (500, 45)}))
    await printed.take(refunded({"Ceviche-0": FULL, "Soup-0": (0, 0)}))
    assert await amounts(printed) == [1090, 545]


async def test_the_tax_alone_may_be_refunded(printed):
    await printed.take(refunded({"Ceviche-0": (1000, 0)}))
    assert await amounts(printed) == [90]
    (slip,) = await slips(printed)
    assert not slip.refund.lines[0].is_gone


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_comes_in_whatever_order_the_refunds_add_up(printed, seed):
    chance = random.Random(seed)  # noqa: S311  no secret
    states, left = [], {"Ceviche-0": FULL, "Ceviche-1": FULL, "Soup-0": (500, 45)}
    for _ in range(6):
        name = chance.choice(sorted(left))
        left = left | {name: tuple(chance.randint(0, cents) for cents in left[name])}
        states.append(left)
    chance.shuffle(states)
    for state in states:
        await printed.take(refunded(state))
    paid, rest = 2 * sum(FULL) + 545, sum(sum(cents) for cents in left.values())
    assert sum(await amounts(printed)) == paid - rest


async def test_a_price_that_the_platform_edits_is_no_refund(printed):
    lines = (dish("Ceviche", 2, 800, 72), dish("Soup", 1, 500, 45))
    await printed.take(changed(replace(later(ORDER), lines=lines)))
    assert await amounts(printed) == []


async def test_a_fee_falls_from_what_the_order_says_it_was(engine):
    await engine.take(placed(replace(ORDER, totals=Totals(fee_cents=300))))
    await engine.take(refunded({}, {"fee": (120, 10)}), refunded({}, {"fee": (120, 0)}))
    assert await amounts(engine) == [180, 10]
    (first, _second) = await slips(engine)
    assert [(line.name, line.is_charge) for line in first.refund.lines] == [
        ("service charge", True)
    ]


async def test_the_service_charges_of_a_checkout_count_once(engine):
    fee = Totals(fee_cents=300)
    await engine.take(placed(replace(ORDER, totals=fee)), placed(replace(TEA, totals=fee)))
    await engine.take(refunded({}, {"fee": (0, 0)}))
    assert await amounts(engine) == [300]


async def test_several_orders_of_a_checkout_are_told_apart_by_their_items(engine):
    await engine.take(placed(ORDER), placed(TEA))
    await engine.take(refunded({"Tea-0": (0, 0), "Soup-0": (0, 0)}))
    rows = await engine.rows()
    refunds = {row.order_id: row.amount_cents for row in rows if row.operation == "refund"}
    # Nothing is left of the second: it was not sent yet, so there is nothing to put right.
    assert refunds == {"o1": 545}
    assert await engine.states("o2") == ["place 1 voided"]


# Before the ticket, and beside it


async def test_what_was_refunded_before_it_was_sent_is_not_on_the_ticket(engine):
    await engine.take(placed(ORDER), refunded({"Soup-0": (0, 0), "Ceviche-0": FULL}))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Ceviche"]
    (slip,) = await slips(engine)
    assert (slip.refund.amount_cents, slip.refund.lines[0].on_ticket) == (545, False)
    assert slip.differences == ()


async def test_an_order_of_which_all_was_refunded_before_it_was_sent_is_voided(engine):
    left = dict.fromkeys(["Ceviche-0", "Ceviche-1", "Soup-0"], (0, 0))
    await engine.take(placed(ORDER), refunded(left))
    await engine.drain()
    assert await engine.states() == ["place 1 voided"]


async def test_a_refund_is_a_sign_that_the_guest_paid(engine):
    engine.terms = Terms(on_commit=True)
    await engine.take(placed(ORDER, fate=Fate.GONE), refunded({"Soup-0": (0, 0)}))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Ceviche"]


async def test_a_refund_that_comes_before_its_order_waits_for_it(engine):
    await engine.take(refunded({"Soup-0": (0, 0)}), placed(ORDER))
    await engine.drain()
    assert engine.pos_system.printed == ["place o1 v1: Ceviche"]
    assert await amounts(engine) == [545]


async def test_a_change_after_the_refund_does_not_bring_the_item_back(printed):
    await printed.take(refunded({"Soup-0": (0, 0)}))
    await printed.drain()
    before = list(printed.pos_system.printed)
    await printed.take(changed(later(ORDER)))
    await printed.drain()
    assert printed.pos_system.printed == before


async def test_a_change_that_waits_is_not_lost_by_a_refund_behind_it(printed):
    table = later(ORDER, facts=(("Table", "7"),))
    await printed.take(changed(table), refunded({"Soup-0": (0, 0)}))
    await printed.drain()
    kinds = [text.split()[0] for text in printed.pos_system.printed]
    assert kinds == ["place", "change", "refund"]


async def test_a_refund_of_a_cancelled_order_puts_nothing_right_in_the_pos(engine):
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(cancelled())
    await engine.drain()
    left = dict.fromkeys(["Ceviche-0", "Ceviche-1", "Soup-0"], (0, 0))
    await engine.take(refunded(left))
    assert await engine.states() == ["place 1 done", "cancel 2 done"]


async def test_a_refund_of_an_order_that_the_pos_refused_is_kept_and_sent_nowhere(engine):
    await engine.take(placed(ORDER))
    await engine.ledger.write(lambda tx: tx.execute("UPDATE delivery SET state = 'refused'"))
    await engine.take(refunded({"Soup-0": (0, 0)}))
    assert await engine.states() == ["place 1 refused", "refund 2 voided"]
    assert await amounts(engine) == [545]


# Where it goes


async def test_a_printer_is_told_what_it_need_not_make(printed):
    await printed.take(refunded({"Soup-0": (0, 0)}))
    await printed.drain()
    assert printed.pos_system.printed[-1].startswith("refund o1 v2")
    (slip,) = await slips(printed)
    assert [change.before for change in slip.differences] == ["1 x Soup"]


async def test_what_is_done_already_is_a_task_that_names_the_amount(printed):
    await printed.take(changed(later(served(ORDER))), refunded({"Soup-0": (0, 0)}))
    await printed.drain()
    row = (await printed.rows())[-1]
    assert (row.operation, row.state, row.timer) == ("refund", "held", "task")
    assert "refund 5.45: Soup 5.00 + tax 0.45" in row.cause


async def test_part_of_an_amount_is_a_task_that_names_it(printed):
    await printed.take(refunded({"Soup-0": (450, 45)}))
    await printed.drain()
    row = (await printed.rows())[-1]
    assert (row.state, row.timer) == ("held", "task")
    assert "refund 0.50" in row.cause


async def test_a_pos_that_books_refunds_gets_the_lines_and_the_order_they_belong_to(ledger, clock):
    engine = Engine(ledger, clock, BookingPos())
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(refunded({"Soup-0": (450, 45)}))
    await engine.drain()
    ((_ticket, pos_ref),) = engine.pos_system.refunds
    assert pos_ref == (await engine.rows())[0].pos_ref
    assert await engine.states() == ["place 1 done", "refund 2 done"]


async def test_a_printer_that_knows_no_refund_prints_a_void(ledger, clock):
    slips_known = frozenset({SlipKind.PLACE, SlipKind.VOID})
    engine = Engine(ledger, clock, MemoryPos(a_spec(slips=slips_known)))
    await engine.take(placed(ORDER))
    await engine.drain()
    await engine.take(refunded({"Soup-0": (0, 0)}))
    await engine.drain()
    assert engine.pos_system.printed[-1].startswith("void o1 v2")


async def test_a_task_for_the_operator_shows_in_the_order(printed, ledger):
    await printed.take(refunded({"Soup-0": (450, 45)}))
    await printed.drain()
    document = await ledger.read(lambda tx: history.worker_document(tx, RESTAURANT, "o1"))
    assert (document["state"], document["deliveries"][-1]["amount_cents"]) == ("held", 50)


async def test_an_order_that_was_never_heard_of_is_not_made_by_a_refund(engine):
    await engine.take(refunded({"Soup-0": (0, 0)}))
    await engine.drain()
    assert await engine.rows() == []


async def test_an_archived_order_has_nothing_to_put_right(engine):
    await engine.take(changed(an_order("", order_id="o1")), refunded({"Soup-0": (0, 0)}))
    assert await engine.rows() == []
