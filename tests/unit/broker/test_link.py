import asyncio

import pytest
from structlog.testing import capture_logs

from bridge.broker.link import Link, LinkState, backoff, is_deaf
from tests.unit.broker.fakes import FakeBroker

URLS = ["amqp://u:hunter2@one/", "amqp://u:hunter2@two/"]
ONE, TWO = "amqp://one:5672/", "amqp://two:5672/"


@pytest.fixture
def start(monkeypatch):
    """Runs a link over a fake broker, without pauses and with quick probes."""
    monkeypatch.setattr("bridge.broker.link.SHORTEST_PAUSE", 0.0)
    tasks = []

    def start(broker, urls=URLS, on_change=None):
        link = Link(urls, "test", on_change, connect=broker, random=lambda: 0.0, probe_every=0.001)
        tasks.append(asyncio.create_task(link.run()))
        return link

    yield start
    for task in tasks:
        task.cancel()


async def until(link, state):
    await link._until(lambda: link.state is state)


@pytest.mark.parametrize(
    ("failures", "hosts", "ceiling"),
    [(0, 1, 0.2), (1, 1, 0.4), (4, 1, 3.2), (5, 1, 5.0), (500, 1, 5.0), (1, 3, 0.2), (3, 3, 0.4)],
)
def test_pauses_grow_with_each_round_over_all_hosts(failures, hosts, ceiling):
    assert backoff(failures, hosts, lambda: 1.0) == pytest.approx(ceiling)


def test_a_pause_is_never_shorter_than_a_fifth_of_a_second():
    assert backoff(9, 1, lambda: 0.0) == pytest.approx(0.2)


@pytest.mark.parametrize(("silence", "deaf"), [(15.0, False), (15.1, True)])
def test_three_missing_heartbeats_are_silence(silence, deaf):
    assert is_deaf(silence, 10) is deaf


def test_without_heartbeats_silence_says_nothing():
    assert not is_deaf(1000.0, 0)


def test_a_link_without_a_broker_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        Link([], "test")


async def test_a_link_comes_up(start):
    link = start(FakeBroker())
    assert await link.wait_up() == 1
    assert link.is_current(1)


async def test_a_refused_connection_moves_on_to_the_next_host(start):
    broker = FakeBroker(OSError("refused"))
    link = start(broker)
    await link.wait_up()
    assert broker.dialled == [ONE, TWO]


async def test_a_lost_connection_is_seen_at_once_and_replaced(start):
    broker = FakeBroker()
    link = start(broker)
    await link.wait_up()
    broker.connections[0].break_off("gone")
    assert not link.is_up
    assert not link.is_current(1)
    await link.wait_lost(1)
    assert await link.wait_up() == 2
    assert broker.dialled == [ONE, TWO]


async def test_a_cancellation_out_of_the_library_is_just_a_failed_try(start):
    link = start(FakeBroker(asyncio.CancelledError()))
    assert await link.wait_up() == 1


async def test_a_suspect_connection_is_closed_and_replaced(start):
    broker = FakeBroker()
    changes = []
    link = start(broker, on_change=lambda state, _: changes.append(state))
    await link.wait_up()
    link.suspect(1)
    await link.wait_lost(1)
    assert await link.wait_up() == 2
    assert broker.connections[0].hung_up
    assert changes == [LinkState.UP, LinkState.SUSPECT, LinkState.DOWN, LinkState.UP]


async def test_suspicion_of_a_replaced_connection_is_ignored(start):
    broker = FakeBroker()
    link = start(broker)
    await link.wait_up()
    link.suspect(0)
    broker.connections[0].blocked = True
    await until(link, LinkState.BLOCKED)
    assert not broker.connections[0].hung_up


async def test_a_blocked_broker_is_told_from_a_dead_one(start):
    broker = FakeBroker()
    link = start(broker)
    await link.wait_up()
    broker.connections[0].blocked = True
    link.suspect(1)
    await until(link, LinkState.BLOCKED)
    assert not link.is_up
    assert link.is_current(1)
    broker.connections[0].blocked = False
    assert await link.wait_up() == 1


async def test_a_silent_broker_is_given_up(start):
    broker = FakeBroker()
    link = start(broker)
    await link.wait_up()
    broker.connections[0].silence = 15.5
    assert not link.is_current(1)
    assert await link._until(lambda: link.generation == 2) is None


async def test_closing_ends_the_run_and_the_connection(start):
    broker = FakeBroker()
    link = Link(URLS, "test", connect=broker)
    running = asyncio.create_task(link.run())
    await link.wait_up()
    await link.close()
    await running
    assert broker.connections[0].hung_up
    assert link.state is LinkState.DOWN


async def test_cancelling_the_run_ends_the_connection(start):
    broker = FakeBroker()
    link = Link(URLS, "test", connect=broker)
    running = asyncio.create_task(link.run())
    await link.wait_up()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert broker.connections[0].hung_up


async def test_a_change_is_logged_once(start):
    with capture_logs() as logs:
        link = start(FakeBroker(*[OSError("refused")] * 3), urls=URLS[:1])
        await link.wait_up()
    assert [entry["event"] for entry in logs] == ["broker_link_down", "broker_link_up"]


@pytest.mark.parametrize("plan", [[], [OSError("refused")]])
async def test_an_end_that_is_wanted_is_told_without_a_warning(plan):
    link = Link(URLS, "test", connect=FakeBroker(*plan))
    running = asyncio.create_task(link.run())
    await until(link, LinkState.DOWN if plan else LinkState.UP)
    with capture_logs() as logs:
        await link.close()
        await running
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [
        ("broker_link_down", "info")
    ]


async def test_a_cancelled_link_is_told_without_a_warning():
    link = Link(URLS, "test", connect=FakeBroker())
    running = asyncio.create_task(link.run())
    await link.wait_up()
    with capture_logs() as logs:
        running.cancel()
        await asyncio.wait({running})
    assert [entry["log_level"] for entry in logs] == ["info"]


async def test_a_loss_that_nobody_wanted_is_a_warning(start):
    broker = FakeBroker()
    link = start(broker)
    await link.wait_up()
    with capture_logs() as logs:
        broker.connections[0].break_off("gone")
        await until(link, LinkState.DOWN)
    assert [(entry["reason"], entry["log_level"]) for entry in logs] == [("gone", "warning")]


async def test_no_password_is_ever_shown(start):
    changes = []
    with capture_logs() as logs:
        link = start(
            FakeBroker(OSError("amqp://u:hunter2@one/ refused")),
            on_change=lambda *change: changes.append(change),
        )
        await link.wait_up()
    assert "***" in repr(changes)
    assert "hunter2" not in repr((logs, changes, link, link.reason, vars(link)))
