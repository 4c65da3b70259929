import asyncio

import pytest
from structlog.testing import capture_logs

from bridge.broker import Link, LinkState, Names, Problem, Queue
from bridge.broker import lines as module
from bridge.broker import link as link_module
from bridge.broker.lines import Lines
from tests.unit.broker.fakes import FakeBroker
from tests.wires import settle

QUEUE = Queue(name="t.orders.lopez.v1")


@pytest.fixture
def broker(monkeypatch):
    """What the links dial, and what cannot be declared there."""
    broker = FakeBroker()
    broker.problems, broker.declared = [], []

    async def declare(_connection, items):
        broker.declared += [item.name for item in items]
        return tuple(broker.problems)

    def link(*arguments):
        return Link(*arguments, connect=broker, random=lambda: 0.0)

    monkeypatch.setattr(module, "declare", declare)
    monkeypatch.setattr(module, "Link", link)
    monkeypatch.setattr(link_module, "SHORTEST_PAUSE", 0.0)
    return broker


@pytest.fixture
def told():
    return []


@pytest.fixture
async def lines(broker, told):
    lines = Lines(
        ["amqp://broker"],
        "worker",
        names=Names("t"),
        channels=1,
        on_change=lambda name, state: told.append((name, state)),
        on_ready=lambda: told.append("ready"),
    )
    task = asyncio.create_task(lines.run((QUEUE,)))
    yield lines
    task.cancel()
    await asyncio.wait({task})


async def test_it_is_ready_once_all_is_declared(lines, broker):
    assert not lines.is_ready
    await lines.wait_ready()

    assert lines.is_ready
    assert broker.declared == [QUEUE.name]


async def test_each_turn_is_told_with_the_name_of_its_link(lines, told):
    await lines.wait_ready()
    await settle()

    assert {
        ("worker-publish", LinkState.UP),
        ("worker-consume", LinkState.UP),
        "ready",
    } == set(told)


async def test_all_is_declared_again_on_a_new_connection(lines, broker):
    await lines.wait_ready()
    lines.publishing.connection.break_off("the broker went away")
    await lines.publishing.wait_lost(1)
    await lines.publishing.wait_up()
    await settle()

    assert broker.declared == [QUEUE.name] * 2
    assert lines.is_ready


async def test_the_end_of_an_alarm_counts_as_ready(lines, told):
    await lines.wait_ready()
    for state in (LinkState.BLOCKED, LinkState.UP):
        lines.publishing._enter(state, "")

    assert told.count("ready") == 2


async def test_while_the_broker_takes_no_publishes_it_is_not_ready(lines):
    await lines.wait_ready()
    lines.publishing._enter(LinkState.BLOCKED, "disk alarm")

    assert not lines.is_ready


async def test_what_cannot_be_declared_is_named_with_the_brokers_sentence(lines, broker):
    broker.problems = [Problem(name=QUEUE.name, sentence="PRECONDITION_FAILED", code=406)]
    await lines.wait_ready()

    assert lines.is_ready
    assert lines.describe()["degraded"] == {QUEUE.name: "PRECONDITION_FAILED"}


async def test_what_could_be_restored_is_named_no_more(lines, broker):
    broker.problems = [Problem(name=QUEUE.name, sentence="no answer")]
    await lines.wait_ready()
    broker.problems = []
    await lines.restore(QUEUE)

    assert "degraded" not in lines.describe()


async def test_each_link_is_described(lines):
    await lines.wait_ready()

    described = lines.describe()
    assert described["worker-publish"]["state"] == "up"
    assert described["worker-publish"]["server"] == "amqp://broker:5672/"


@pytest.fixture
def mend_at_once(monkeypatch):
    monkeypatch.setattr(module, "MEND_EVERY", 0.0)


async def test_what_could_not_be_declared_is_tried_until_it_can(mend_at_once, lines, broker, told):
    broker.problems = [Problem(name=QUEUE.name, sentence="no majority")]
    await lines.wait_ready()
    before = told.count("ready")
    broker.problems = []
    await settle(60)

    assert "degraded" not in lines.describe()
    assert told.count("ready") == before + 1
    assert len(broker.declared) > 1


async def test_what_cannot_be_declared_is_told_of_once(mend_at_once, lines, broker):
    broker.problems = [Problem(name=QUEUE.name, sentence="no majority")]
    with capture_logs() as logs:
        await lines.wait_ready()
        await settle(60)

    assert len(broker.declared) > 2
    assert [line["event"] for line in logs].count("broker_degraded") == 1


async def test_when_an_exchange_is_gone_all_is_declared_again(mend_at_once, lines, broker, told):
    await lines.wait_ready()
    await settle(60)
    assert broker.declared == [QUEUE.name]

    lines.publisher._on_missing()
    await settle(60)
    assert broker.declared == [QUEUE.name] * 2
    assert told.count("ready") == 2


@pytest.fixture
def refused(monkeypatch):
    """Which connection was asked for each declaration; all of them are refused."""
    asked = []

    async def declare(connection, items):
        asked.append(connection)
        return tuple(Problem(name=item.name, sentence="no exchange") for item in items)

    monkeypatch.setattr(module, "declare", declare)
    return asked


PULSES = Queue(name="t.pulses", exclusive=True)


async def test_what_is_exclusive_is_declared_where_it_is_consumed(lines, refused):
    await lines.wait_ready()
    await settle()
    refused.clear()

    assert not await lines.restore(PULSES)
    assert refused == [lines.consuming.connection]


async def test_what_is_exclusive_is_mended_for_as_long_as_its_connection_lives(
    mend_at_once, lines, refused
):
    await lines.wait_ready()
    await settle()
    await lines.restore(PULSES)
    await settle()
    assert refused.count(lines.consuming.connection) > 2
    assert PULSES.name in lines.describe()["degraded"]

    lines.publishing.connection.break_off("the broker went away")
    await settle(60)
    assert PULSES.name in lines.describe()["degraded"]

    lines.consuming.connection.break_off("the broker went away")
    await settle(60)
    assert PULSES.name not in lines.describe()["degraded"]
