"""What an ingress brings again when a worker takes over from one that is gone."""

import pytest

from bridge.ledger import Ledger, reports, requests, successions
from bridge.model import Outcome
from tests.engine import RESTAURANT, START, Clock, an_order
from tests.wires import put_event, rows


@pytest.fixture
async def ledger(tmp_path):
    ledger = await Ledger.open(tmp_path, now=Clock())
    yield ledger
    ledger.close()


@pytest.fixture
def recorded(ledger):
    """An event that a worker has, with what it told of the order."""

    async def recorded(order_id, state="", checkout=""):
        order = an_order(order_id=order_id, checkout=checkout or order_id)
        seq = await put_event(ledger, order)

        def job(tx):
            requests.published(tx, seq, START)
            requests.recorded(tx, RESTAURANT, (seq,), START)
            if state:
                document = {"state": state, "deliveries": []}
                outcome = Outcome(
                    worker="lost",
                    restaurant=RESTAURANT,
                    order_id=order_id,
                    revision=1,
                    document=document,
                )
                reports.keep(tx, outcome, START)

        await ledger.write(job)

    return recorded


def succeed(ledger, at=START + 60, restaurant=RESTAURANT):
    return ledger.write(lambda tx: successions.succeed(tx, restaurant, at, at))


async def stages(ledger):
    return {row.order_id: row.stage for row in await rows(ledger)}


async def test_what_is_not_finished_goes_again_and_what_is_does_not(ledger, recorded):
    for state in ("", "ready", "held", "unknown", "done", "refused", "voided", "archived"):
        await recorded(f"order-{state}", state)

    assert await succeed(ledger) == 4
    again = {name for name, stage in (await stages(ledger)).items() if stage == "published"}
    assert again == {"order-", "order-ready", "order-held", "order-unknown"}


async def test_it_goes_at_once_and_as_another_copy(ledger, recorded):
    await recorded("o1")
    await succeed(ledger)
    (event,) = await ledger.read(lambda tx: requests.late(tx, START, [RESTAURANT], "i"))

    assert event.copy == 2


async def test_all_of_a_checkout_goes_again(ledger, recorded):
    await recorded("o1", "voided", checkout="c")
    await recorded("o2", checkout="c")

    assert await succeed(ledger) == 2


async def test_other_restaurants_are_left_alone(ledger, recorded):
    await recorded("o1")

    assert await succeed(ledger, restaurant="elsewhere") == 0


async def test_what_is_weeks_old_is_left_to_people(ledger, recorded):
    await recorded("o1")

    assert await succeed(ledger, START + successions.REACH + 1) == 0


async def test_the_same_word_counts_once_and_a_later_one_again(ledger, recorded):
    await recorded("o1")
    assert await succeed(ledger) == 1
    assert await succeed(ledger) is None
    assert await succeed(ledger, START + 30) is None

    await ledger.write(lambda tx: requests.recorded(tx, RESTAURANT, (1,), START + 70))
    assert await succeed(ledger, START + 90) == 1
