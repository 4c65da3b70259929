import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bridge.adapter import AdapterMisconfigured, Capability, OperatorNeeded, PosUnreachable
from bridge.model import Availability, Cart, Deadline, Guest, PosState
from bridge.worker.pos import PROBE_LIMIT, Pos
from tests.engine import Clock, MemoryPos, a_spec

FULL = PROBE_LIMIT


def within(seconds):
    """A deadline on a clock that stands still."""
    return Deadline.after(seconds, clock=lambda: 0.0)


@pytest.fixture
def adapter():
    return MemoryPos()


@pytest.fixture
def pos(adapter):
    pos = Pos("lopez", adapter, probe_every=0.0, now=Clock().moment, random=lambda: 0.5)
    pos.opened.set()
    return pos


def answering(adapter, answer):
    async def probe(_deadline):
        if isinstance(answer, BaseException):
            raise answer
        return answer

    adapter.probe = probe


async def never(_deadline=None):
    await asyncio.Event().wait()


async def test_a_good_probe_is_true(pos):
    assert await pos.probe(within(FULL)) is True
    assert pos.watch.availability.state is PosState.UP


async def test_the_log_never_calls_a_pos_up_that_gets_no_tickets(pos):
    await pos.probe(within(FULL))
    with capture_logs() as logs:
        pos.failed("no route")
    assert [(line["state"], line["reason"]) for line in logs] == [("failing", "no route")]


async def test_a_pos_that_says_it_is_down_is_false(pos, adapter):
    answering(adapter, Availability(state=PosState.DOWN, reason="out of paper"))
    assert await pos.probe(within(FULL)) is False
    assert not pos.takes_tickets


@pytest.mark.parametrize(
    "error",
    [PosUnreachable("x"), OperatorNeeded("x"), AdapterMisconfigured("x"), asyncio.CancelledError()],
)
async def test_a_probe_that_fails_is_false_whatever_it_raised(pos, adapter, error):
    answering(adapter, error)
    assert await pos.probe(within(FULL)) is False
    assert not pos.takes_tickets


async def test_a_probe_that_answers_nonsense_is_a_failure(pos, adapter):
    answering(adapter, None)
    assert await pos.probe(within(FULL)) is False
    assert "instead of Availability" in pos.watch.reason


async def test_a_probe_without_an_answer_in_its_time_is_unclear_and_a_bad_sign(
    pos, adapter, monkeypatch
):
    monkeypatch.setattr("bridge.worker.pos.ENOUGH", 0.0)
    adapter.probe = never
    assert await pos.probe(within(0.01)) is None
    assert not pos.takes_tickets


async def test_a_checkout_in_a_hurry_does_not_stop_the_lane(pos, adapter):
    adapter.probe = never
    assert await pos.probe(within(0.0)) is None
    assert pos.takes_tickets


async def test_before_it_is_open_a_probe_knows_nothing_but_what_opening_said(pos):
    pos.opened.clear()
    assert await pos.probe(within(FULL)) is None
    pos.failed("no route")
    assert await pos.probe(within(FULL)) is False


async def test_a_paused_restaurant_stays_down_for_the_gate_however_well_its_pos_is(pos):
    pos.pause("wrong password")
    assert await pos.probe(within(FULL)) is False
    pos.took_ticket()
    assert pos.watch.proven_down
    assert not pos.takes_tickets


async def test_resumed_it_takes_tickets_and_tells(pos):
    told = []
    pos.pause("wrong password")
    pos.on_change(lambda: told.append(pos.takes_tickets))
    pos.resume()
    assert told[-1]
    assert pos.takes_tickets


async def test_listeners_hear_of_turns_only(pos):
    told = []
    pos.on_change(lambda: told.append(pos.watch.takes_tickets))
    for _ in range(3):
        pos.failed("no route")
    pos.took_ticket()
    pos.took_ticket()
    assert told == [False, True]


async def test_it_opens_probes_and_closes(adapter):
    pos = Pos("lopez", adapter, probe_every=0.0, now=Clock().moment, random=lambda: 0.5)
    steps = asyncio.Queue()

    async def note(name):
        steps.put_nowait(name)

    async def probe(_deadline):
        steps.put_nowait("probe")
        return Availability.up()

    adapter.open = lambda: note("open")
    adapter.close = lambda: note("close")
    adapter.probe = probe
    running = asyncio.create_task(pos.run())
    assert [await steps.get() for _ in range(3)] == ["open", "probe", "probe"]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    while (step := steps.get_nowait()) == "probe":
        pass
    assert step == "close"


async def test_opening_is_tried_until_it_works(adapter, monkeypatch):
    monkeypatch.setattr("bridge.worker.pos.wait_random_exponential", lambda **_how: no_wait)
    pos = Pos("lopez", adapter, probe_every=60.0, now=Clock().moment, random=lambda: 0.5)
    troubles = [PosUnreachable("no route"), asyncio.CancelledError(), ValueError("bug")]

    async def open_():
        if troubles:
            raise troubles.pop()

    adapter.open = open_
    running = asyncio.create_task(pos.run())
    await pos.opened.wait()
    assert troubles == []
    running.cancel()
    await asyncio.wait({running})


async def test_an_adapter_that_cannot_close_is_left(adapter):
    pos = Pos("lopez", adapter, probe_every=60.0, now=Clock().moment, random=lambda: 0.5)

    async def close():
        raise ValueError("bug")

    adapter.close = close
    running = asyncio.create_task(pos.run())
    await pos.opened.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def no_wait(_state):
    return 0.0


@pytest.mark.parametrize(
    "no", [Availability(state=PosState.DOWN, reason="no time"), PosUnreachable("no time")]
)
async def test_a_no_that_comes_after_its_time_proves_nothing(pos, adapter, no):
    """A loop that was blocked leaves the adapter no time to ask."""
    now = [0.0]

    async def probe(_deadline):
        now[0] = FULL + 1
        if isinstance(no, Exception):
            raise no
        return no

    adapter.probe = probe
    assert await pos.probe(Deadline.after(FULL, clock=lambda: now[0])) is None
    assert not pos.watch.proven_down


# --- what it says to a cart

CART = Cart(source="bbot", restaurant="lopez", checkout_id="checkout-1")


@pytest.fixture
def quoting(adapter):
    """The adapter, which makes quotes as well."""

    async def quote(cart, _deadline):
        return f"a quote for {cart.checkout_id}"

    adapter.quote = quote
    return adapter


async def test_an_adapter_says_what_it_likes_to_a_cart(pos, quoting):
    assert await pos.quote(CART, within(FULL)) == "a quote for checkout-1"


@pytest.mark.parametrize(
    ("capabilities", "known"),
    [(set(), ("", "", "")), ({Capability.CONTACT}, ("555", "a@b.test", "a@b.test"))],
)
async def test_who_the_guest_is_reaches_only_who_needs_it(pos, adapter, capabilities, known):
    async def quote(cart, _deadline):
        return (cart.guest.phone, cart.guest.email, cart.guest_id)

    adapter.quote, adapter.spec = quote, a_spec(capabilities=frozenset(capabilities))
    cart = replace(CART, guest=Guest(phone="555", email="a@b.test"), guest_id="a@b.test")
    assert await pos.quote(cart, within(FULL)) == known


async def test_an_adapter_that_makes_no_quotes_says_nothing(pos):
    assert await pos.quote(CART, within(FULL)) is None


async def test_an_adapter_that_is_not_open_yet_is_not_asked(pos, quoting):
    pos.opened.clear()
    assert await pos.quote(CART, within(FULL)) is None


async def test_an_adapter_that_is_paused_is_not_asked(pos, quoting):
    pos.pause("wrong password")
    assert await pos.quote(CART, within(FULL)) is None


async def test_a_quote_that_takes_too_long_is_given_up(pos, quoting):
    quoting.quote = lambda *_: never()
    with pytest.raises(TimeoutError):
        await pos.quote(CART, within(0.0))
