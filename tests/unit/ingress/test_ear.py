import asyncio

import pytest
from structlog.testing import capture_logs

from bridge.broker import PublishResult
from bridge.ingress.ear import QUIET_AFTER, Ear
from bridge.ingress.postbox import Postbox
from bridge.model import Availability, Pulses, Recorded
from tests.engine import RESTAURANT
from tests.wires import NOT_SENT, UNKNOWN, FakeReceived, a_pulse


@pytest.fixture
def pulses(clock):
    return Pulses(clock)


@pytest.fixture
async def ear(ledger, lines, pulses):
    lines.consuming.is_up = True
    return Ear(ledger, lines, pulses, [RESTAURANT, "bistro"])


@pytest.fixture
def be_quiet(pulses, clock):
    """All workers were heard just now, and then none for as long as it takes to be noticed."""

    def begin():
        speak()
        clock.pass_time(QUIET_AFTER + 1)

    def speak():
        for name in (RESTAURANT, "bistro"):
            pulses.put(a_pulse(name, Availability.up()))

    begin.speak = speak
    return begin


@pytest.fixture
async def say(lines, ledger):
    """What becomes of a message to the ingress itself."""

    def say(result):
        lines.publisher.answers[lines.names.to_ingress(ledger.identity).key] = lambda: result

    return say


async def test_while_workers_are_heard_nothing_is_asked(ear, lines, pulses, be_quiet):
    be_quiet.speak()
    await ear.listen()

    assert (pulses.hears, lines.publisher.sent) == (True, [])


async def test_one_quiet_restaurant_is_enough_to_ask(ear, lines, pulses, be_quiet):
    be_quiet()
    pulses.put(a_pulse(RESTAURANT, Availability.up()))
    await ear.listen()

    assert len(lines.publisher.sent) == 1


async def test_without_a_connection_to_consume_nobody_can_be_heard(ear, lines, pulses):
    lines.consuming.is_up = False
    await ear.listen()

    assert pulses.hears is False


async def test_while_nothing_can_be_published_nobody_can_be_heard(ear, lines, pulses):
    lines.is_ready = False
    await ear.listen()

    assert pulses.hears is False


@pytest.mark.parametrize("result", sorted(set(PublishResult) - {PublishResult.CONFIRMED}))
async def test_when_the_broker_does_not_take_it_quiet_workers_are_no_silence(
    ear, say, pulses, be_quiet, clock, result
):
    say(result)
    be_quiet()
    await ear.listen()
    clock.pass_time(1800)

    assert pulses.silence(RESTAURANT) == 0


async def test_when_the_broker_takes_it_quiet_workers_are_silent(ear, pulses, be_quiet, clock):
    be_quiet()
    await ear.listen()
    clock.pass_time(180)

    assert pulses.silence(RESTAURANT) == QUIET_AFTER + 1 + 180


async def test_silence_begins_when_the_broker_takes_it_again(ear, say, pulses, be_quiet, clock):
    be_quiet()
    for result in (UNKNOWN, NOT_SENT):
        say(result)
        await ear.listen()
        clock.pass_time(900)
    say(PublishResult.CONFIRMED)
    await ear.listen()
    clock.pass_time(10)

    assert pulses.silence(RESTAURANT) == 10


async def test_each_turn_is_told_once(ear, lines, be_quiet):
    be_quiet.speak()
    with capture_logs() as logs:
        for is_up in (True, False, False, True, True):
            lines.consuming.is_up = is_up
            await ear.listen()

    assert [line["event"] for line in logs] == ["workers_cannot_be_heard", "workers_can_be_heard"]


async def test_before_there_is_a_connection_nobody_can_be_heard(ledger, lines, pulses):
    turns = asyncio.Queue()

    async def sleep(_seconds):
        turns.put_nowait(pulses.hears)
        await asyncio.Event().wait()

    lines.consuming.is_up = False
    running = asyncio.create_task(Ear(ledger, lines, pulses, [RESTAURANT], sleep=sleep).run())

    assert await turns.get() is False
    running.cancel()


async def test_what_it_says_to_itself_changes_nothing_where_it_arrives(
    ear, ledger, lines, pulses, be_quiet
):
    be_quiet()
    await ear.listen()
    ((_key, echo),) = lines.publisher.sent
    before, received = ledger.commits, FakeReceived(echo)
    await Postbox(ledger, lines, pulses)._take_outcome(received)

    assert echo == Recorded(worker=ledger.identity, restaurant=RESTAURANT, seqs=())
    assert (received.is_acked, ledger.commits) == (True, before)
