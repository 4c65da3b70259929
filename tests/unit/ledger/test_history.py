from dataclasses import replace

import pytest

from bridge.adapter import TicketRejected
from bridge.ledger import history, requests
from bridge.ledger.history import Page, find_decisive
from tests.engine import (
    RESTAURANT,
    START,
    an_order,
    changed,
    dish,
    later,
    moment,
    nothing,
    placed,
    refunded,
)
from tests.wires import put_event


@pytest.fixture
def listed(ledger):
    async def run(**page):
        return await ledger.read(lambda tx: history.list_orders(tx, Page(**page)))

    return run


@pytest.fixture
def show(ledger):
    async def run(order_id="o1"):
        return await ledger.read(lambda tx: history.find_order(tx, RESTAURANT, order_id))

    return run


@pytest.mark.parametrize(
    ("deliveries", "state"),
    [
        ([("place", "waiting")], "waiting"),
        ([("place", "refused"), ("change", "voided")], "refused"),
        ([("place", "voided"), ("place", "done")], "done"),
        ([("place", "held"), ("change", "ready")], "held"),
        ([("place", "done"), ("change", "unknown")], "unknown"),
        ([("place", "done"), ("change", "ready")], "ready"),
        ([("place", "done"), ("change", "voided")], "done"),
        ([("place", "done"), ("change", "refused")], "refused"),
        ([("place", "done"), ("cancel", "refused")], "refused"),
        ([("place", "done"), ("change", "refused"), ("change", "voided")], "refused"),
        ([("place", "done"), ("change", "refused"), ("change", "ready")], "ready"),
        ([("place", "done"), ("change", "refused"), ("change", "done")], "done"),
        ([("place", "done"), ("change", "refused"), ("cancel", "done")], "done"),
        ([("place", "refused"), ("change", "voided"), ("place", "done")], "done"),
        ([("place", "done"), ("refund", "refused"), ("change", "done")], "refused"),
        ([("place", "done"), ("refund", "refused"), ("refund", "done")], "refused"),
        ([("place", "done"), ("refund", "refused"), ("change", "ready")], "ready"),
        ([("place", "done"), ("refund", "refused"), ("cancel", "done")], "done"),
        ([("place", "done"), ("cancel", "done"), ("refund", "refused")], "refused"),
    ],
)
def test_an_order_has_one_state(deliveries, state):
    documents = [{"operation": operation, "state": each} for operation, each in deliveries]

    assert find_decisive(documents)["state"] == state


def test_without_a_delivery_nothing_decides():
    assert find_decisive([]) is None


async def test_an_order_of_which_its_worker_has_told_nothing_yet_waits(ledger, show):
    seq = await put_event(ledger, an_order())
    await ledger.write(lambda tx: requests.recorded(tx, RESTAURANT, (seq,), START))
    assert (await show())["state"] == "waiting"


async def test_an_order_tells_its_deliveries_and_attempts(engine, show):
    order = an_order()
    await engine.take(placed(order))
    await engine.drain()
    await engine.take(changed(later(order, "Salad")))
    await engine.drain()
    document = await show()
    assert document["state"] == "done"
    place, change = document["deliveries"]
    assert (place["operation"], change["operation"]) == ("place", "change")
    assert [attempt["outcome"] for attempt in place["attempts"]] == ["accepted"]
    assert [note["note"] for note in document["inbox"]] == ["placed", "queued behind the ticket"]


@pytest.mark.parametrize(
    ("news", "operation"),
    [(later(an_order(), "Salad"), "change"), (nothing(at=START + 60), "cancel")],
)
async def test_news_that_the_pos_refused_is_seen_in_the_list(engine, listed, news, operation):
    engine.pos_system.script = [None, TicketRejected("no salad today")]
    await engine.take(placed(an_order()))
    await engine.drain()
    await engine.take(changed(news))
    await engine.drain()
    (order,) = (await listed(state="refused"))["orders"]

    assert (order["state"], order["cause"]) == ("refused", f"{operation}: no salad today")


async def test_of_a_refused_order_the_cause_is_the_poss_own(engine, listed):
    engine.pos_system.script = [TicketRejected("no such dish")]
    await engine.take(placed(an_order()))
    await engine.drain()
    (order,) = (await listed())["orders"]

    assert (order["state"], order["cause"]) == ("refused", "no such dish")


async def test_news_that_was_refused_is_forgotten_once_newer_news_is_done(engine, show):
    engine.pos_system.script = [None, TicketRejected("no salad today")]
    await engine.take(placed(an_order()))
    await engine.drain()
    for name in ("Salad", "Soup"):
        await engine.take(changed(later(an_order(), name, by=60.0 if name == "Salad" else 120.0)))
        await engine.drain()
    document = await show()

    assert [one["state"] for one in document["deliveries"]] == ["done", "refused", "done"]
    assert document["state"] == "done"


async def test_a_refund_that_was_refused_stays_in_sight(engine, listed):
    """Nobody else will put its money right."""
    order = replace(an_order(), lines=(dish("Ceviche", 1, 1000, 90), dish("Soup", 1, 500, 45)))
    engine.pos_system.script = [None, TicketRejected("the tab is closed")]
    await engine.take(placed(order))
    await engine.drain()
    await engine.take(refunded({"Soup-0": (0, 0)}))
    await engine.drain()
    await engine.take(changed(later(order, facts=(("Note", "hot"),))))
    await engine.drain()
    (found,) = (await listed(state="refused"))["orders"]

    assert found["cause"] == "refund: the tab is closed"


async def test_what_waits_tells_until_when_and_what_the_clock_does_then(engine, show):
    await engine.take(placed(an_order(due_at=moment(START + 7200))))
    (place,) = (await show())["deliveries"]

    fires_at = START + 7200 - engine.terms.preparation
    assert (place["state"], place["timer"]) == ("waiting", "release")
    assert place["next_at"] == moment(fires_at).isoformat(timespec="milliseconds")


async def test_an_unknown_order_is_none(show):
    assert await show() is None


async def test_orders_are_listed_newest_first_and_page_by_page(engine, listed):
    for number in range(5):
        order = an_order(order_id=f"o{number}", checkout=f"c{number}")
        await engine.take(placed(order, received=START + number))
    page = await listed(limit=2)
    seen = [order["order_id"] for order in page["orders"]]
    while page["next"]:
        page = await listed(limit=2, before=float(page["next"]))
        seen += [order["order_id"] for order in page["orders"]]
    assert seen == ["o4", "o3", "o2", "o1", "o0"]


async def test_the_one_held_order_is_found_among_many(engine, listed, ledger, monkeypatch):
    """And without reading them all, which would keep checkouts waiting."""
    monkeypatch.setattr(history, "SCAN", 10)
    orders = [an_order(order_id=f"o{n}", checkout=f"c{n}") for n in range(30)]
    await engine.take(*(placed(order, received=START + n) for n, order in enumerate(orders)))
    await ledger.write(
        lambda tx: tx.execute("UPDATE delivery SET state = 'held' WHERE order_id = 'o1'")
    )
    page = await listed(state="held")
    assert [order["order_id"] for order in page["orders"]] == ["o1"]


async def test_a_page_reads_no_more_than_its_share(engine, listed, monkeypatch):
    monkeypatch.setattr(history, "SCAN", 10)
    orders = [an_order(order_id=f"o{n}", checkout=f"c{n}") for n in range(15)]
    await engine.take(*(placed(order, received=START + n) for n, order in enumerate(orders)))
    page = await listed(state="done")
    assert page["orders"] == []
    page = await listed(state="done", before=float(page["next"]))
    assert page == {"orders": [], "next": None}
