import asyncio

import pytest

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
