import threading

import pytest

from bridge.daemon import health as module
from bridge.daemon.health import Health
from bridge.ledger import Ledger, LedgerError, Room
from bridge.ledger.room import MEGABYTE
from bridge.ledger.side_file import SIDE_FILE
from bridge.model import Availability, PosState
from bridge.worker import intake
from bridge.worker.booking import Terms
from tests.engine import RESTAURANT, START, an_order, moment, refunded
from tests.wires import a_pulse, put_event


@pytest.fixture
def health(basics):
    return Health(
        ledger=basics.ledger,
        pulses=basics.pulses,
        metrics=basics.metrics,
        restaurants=basics.restaurants,
        broker=lambda: {"worker-publish": {"state": "down"}},
    )


async def test_who_can_say_yes_durably_is_ready(health):
    assert (await health.read())["ready"] is True


async def test_broker_and_pos_are_named_and_not_judged(health, basics):
    basics.pulses.put(a_pulse(RESTAURANT, Availability(state=PosState.DOWN, reason="no answer")))
    said = await health.read()

    assert said["ready"] is True
    assert said["broker"]["worker-publish"]["state"] == "down"
    assert said["restaurants"][RESTAURANT]["state"] == "down"
    assert said["restaurants"][RESTAURANT]["reason"] == "no answer"


async def test_a_disk_that_takes_no_more_is_not_ready(health, ledger, monkeypatch):
    async def fail():
        raise LedgerError("disk full")

    monkeypatch.setattr(ledger, "check", fail)
    said = await health.read()

    assert said["ready"] is False
    assert said["ledger"] == {"writable": False, "reason": "disk full"}


async def test_it_answers_even_if_the_ledger_does_not(health, ledger, monkeypatch):
    monkeypatch.setattr(module, "LEDGER_LIMIT", 0.01)
    go_on = threading.Event()
    ledger.post(lambda _tx: go_on.wait(10))
    said = await health.read()
    go_on.set()

    assert said["ledger"] == {"writable": False, "reason": "no answer in 0.01 s"}


async def test_what_waits_is_counted_with_its_age(health, ledger):
    await put_event(ledger, an_order())
    said = (await health.read())["ledger"]

    assert said["events_waiting"] == 1
    assert said["oldest_waiting_at"] == moment(START).isoformat()


async def test_reading_it_refreshes_the_numbers(health, basics, ledger):
    await put_event(ledger, an_order())
    basics.pulses.put(a_pulse(RESTAURANT, Availability.up()))
    await health.read()

    text = basics.metrics.render().decode()
    assert "pos_bridge_outbox_events 1.0" in text
    assert f'pos_bridge_pos_up{{restaurant="{RESTAURANT}"}} 1.0' in text


async def test_refunds_of_which_no_order_tells_are_counted(health, basics, ledger):
    handover = refunded({"Soup-0": (0, 0)})
    terms = {RESTAURANT: Terms()}
    await ledger.write(lambda tx: intake.take(tx, [handover], terms, ledger.now(), report=False))
    await health.read()

    text = basics.metrics.render().decode()
    assert f'pos_bridge_refunds_without_order{{restaurant="{RESTAURANT}"}} 1.0' in text
    assert 'pos_bridge_refunds_without_order{restaurant=""} 0.0' in text


async def test_a_restaurant_that_nobody_was_heard_of_is_unknown(health, basics):
    said = (await health.read())["restaurants"][RESTAURANT]

    assert said["state"] == "unknown"
    assert said["reason"] == "no worker was heard yet"


async def test_with_hardly_any_room_it_is_not_ready(health, basics, monkeypatch):
    monkeypatch.setattr(Ledger, "is_short", True)
    said = await health.read()

    assert said["ready"] is False
    assert "the disk is nearly full" in said["ledger"]["reason"]
    assert "pos_bridge_ledger_writable 0.0" in basics.metrics.render().decode()


async def test_the_disk_is_described_from_memory(health, basics, ledger, monkeypatch):
    async def fail():
        raise LedgerError("disk I/O error")

    monkeypatch.setattr(ledger, "check", fail)
    monkeypatch.setattr(Ledger, "free", 300 * MEGABYTE)
    monkeypatch.setattr(Ledger, "room", Room.LOW)
    monkeypatch.setattr(Ledger, "renewals", 2)
    said = await health.read()
    metrics = basics.metrics.render().decode()

    assert said["disk"] == {"room": "low", "free_mb": 300, "renewals": 2}
    assert "pos_bridge_ledger_renewals 2.0" in metrics
    assert "pos_bridge_ledger_free_bytes 3.145728e+08" in metrics


async def test_damaged_rows_are_counted(health, basics, tmp_path):
    (tmp_path / "ledger" / SIDE_FILE).write_text("{}\n{}\n")
    said = await health.read()

    assert said["ledger"]["damaged_rows"] == 2
    assert "pos_bridge_ledger_damaged_rows 2.0" in basics.metrics.render().decode()
