import pytest

from bridge.ledger import history
from bridge.ledger.history import Page, order_state
from tests.engine import RESTAURANT, START, an_order, changed, later, placed


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
        ([], "archived"),
        ([("place", "waiting")], "waiting"),
        ([("place", "refused"), ("change", "voided")], "refused"),
        ([("place", "voided"), ("place", "done")], "done"),
        ([("place", "held"), ("change", "ready")], "held"),
        ([("place", "done"), ("change", "unknown")], "unknown"),
        ([("place", "done"), ("change", "ready")], "ready"),
        ([("place", "done"), ("change", "voided")], "done"),
    ],
)
def test_an_order_has_one_state(deliveries, state):
    assert order_state(deliveries) == state


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
