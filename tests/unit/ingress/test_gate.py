import asyncio
from datetime import UTC, datetime, timedelta
from math import inf

import pytest

from bridge.ingress.gate import Gate, GateTerms, Knowledge, Move, judge
from bridge.model import Availability, CartLine, Deadline, Heard, PosState, Pulse, Pulses
from tests.kitchen import an_order, dish

NOW = datetime(2026, 1, 9, 18, tzinfo=UTC)
DISHES = an_order("order-1", dish(1, "Ceviche"), dish(1, "Flan")).lines
REFUSE, ACCEPT = GateTerms(), GateTerms(refuse_when_down=False)
LONG = GateTerms(max_wait=3600)


def ago(seconds):
    return NOW - timedelta(seconds=seconds)


def a_pulse(state=PosState.UP, *, reason="", sold_out=(), checked_at=NOW, **more):
    return Pulse(
        worker="w",
        restaurant="lopez",
        sent_at=NOW,
        availability=Availability(
            state=state, reason=reason, sold_out=frozenset(sold_out), checked_at=checked_at
        ),
        **more,
    )


def known(pulse, *, silence=0.1, can_probe=False, **more):
    """Nothing was heard for so long, although it would have been; `age` if it would not."""
    heard = Heard(pulse=pulse, at=0.0) if pulse else None
    age = more.pop("age", silence) if pulse else inf
    return Knowledge(heard=heard, age=age, silence=silence, now=NOW, can_probe=can_probe, **more)


def here(seconds, pulse=None, **more):
    """An order waits here for so long."""
    return known(pulse, waiting_since=ago(seconds), **more)


def probed(answer, pulse):
    return known(pulse, can_probe=True, probed=True, probe=answer)


UP = a_pulse()
FAILING = a_pulse(failing_since=ago(4), reason="connection refused")
DOWN = a_pulse(PosState.DOWN, reason="no answer", proven_down=True, failing_since=ago(30))
CLOSED = a_pulse(PosState.CLOSED, reason="closed until 17:00")
WAITING = a_pulse(oldest_due_at=ago(601))
NEVER_ASKED = a_pulse(PosState.UNKNOWN, checked_at=None)


@pytest.mark.parametrize(
    ("terms", "knowledge", "status"),
    [
        pytest.param(REFUSE, known(UP), 200, id="up"),
        pytest.param(REFUSE, known(None, silence=2), 200, id="the worker is only starting"),
        pytest.param(REFUSE, known(None, silence=179), 200, id="unknown never blocks"),
        pytest.param(REFUSE, known(None, silence=180), 503, id="no worker for three minutes"),
        pytest.param(REFUSE, known(UP, silence=180), 503, id="a worker gone for three minutes"),
        pytest.param(ACCEPT, known(None, silence=999), 200, id="no worker, policy accept"),
        pytest.param(REFUSE, known(NEVER_ASKED), 200, id="a POS that was not asked yet"),
        pytest.param(REFUSE, known(FAILING), 200, id="failing is not proof"),
        pytest.param(REFUSE, known(DOWN), 503, id="proven down"),
        pytest.param(ACCEPT, known(DOWN), 200, id="proven down, policy accept"),
        pytest.param(REFUSE, known(DOWN, silence=16), 200, id="down, but that is old news"),
        pytest.param(REFUSE, known(CLOSED), 409, id="closed"),
        pytest.param(ACCEPT, known(CLOSED), 409, id="closed, whatever the policy"),
        pytest.param(REFUSE, known(CLOSED, silence=16), 200, id="closed, but that is old news"),
        pytest.param(REFUSE, known(a_pulse(sold_out={"Flan"})), 409, id="sold out"),
        pytest.param(REFUSE, known(a_pulse(sold_out={"Pavlova"})), 200, id="another is sold out"),
        pytest.param(
            REFUSE, known(a_pulse(sold_out={"Flan"}), silence=16), 200, id="sold out is old news"
        ),
        pytest.param(REFUSE, known(WAITING), 503, id="orders wait too long"),
        pytest.param(ACCEPT, known(WAITING), 200, id="orders wait too long, policy accept"),
        pytest.param(REFUSE, known(WAITING, silence=100), 200, id="they waited: that is old news"),
        pytest.param(
            REFUSE, known(UP, silence=0, age=999), 200, id="nobody could be heard for a long time"
        ),
        pytest.param(
            REFUSE, known(DOWN, silence=0, age=999), 200, id="down when somebody could be heard"
        ),
        pytest.param(
            REFUSE, known(WAITING, silence=0, age=16), 200, id="they waited before the link went"
        ),
        pytest.param(REFUSE, here(601), 503, id="orders wait here too long"),
        pytest.param(REFUSE, here(599), 200, id="orders wait here, not too long"),
        pytest.param(ACCEPT, here(9999), 200, id="orders wait here, policy accept"),
        pytest.param(REFUSE, here(601, UP), 503, id="they wait here, and the POS is up"),
        pytest.param(
            REFUSE, here(601, UP, silence=0, age=999), 503, id="they wait here without a link"
        ),
        pytest.param(LONG, here(1800, UP, silence=0, age=1800), 200, id="half an hour of one"),
        pytest.param(LONG, here(3601, UP, silence=0, age=3601), 503, id="more than an hour"),
        pytest.param(
            ACCEPT, here(1800, WAITING, silence=999), 200, id="all at once, policy accept"
        ),
        pytest.param(
            REFUSE, known(a_pulse(oldest_due_at=ago(599))), 200, id="orders wait, not too long"
        ),
        pytest.param(
            GateTerms(max_wait=60), known(a_pulse(oldest_due_at=ago(61))), 503, id="own max_wait"
        ),
        pytest.param(REFUSE, probed(True, DOWN), 200, id="the live probe is good after all"),
        pytest.param(REFUSE, probed(False, FAILING), 503, id="the live probe fails"),
        pytest.param(ACCEPT, probed(False, FAILING), 200, id="the live probe fails, accept"),
        pytest.param(REFUSE, probed(None, FAILING), 200, id="the live probe is unclear"),
        pytest.param(REFUSE, probed(None, DOWN), 503, id="unclear, and proven down before"),
        pytest.param(REFUSE, probed(None, CLOSED), 409, id="unclear, and closed before"),
        pytest.param(GateTerms(grace=60), known(DOWN), 200, id="down within grace"),
        pytest.param(GateTerms(grace=30), known(DOWN), 503, id="down as long as grace"),
        pytest.param(GateTerms(grace=60), probed(False, FAILING), 200, id="fails within grace"),
        pytest.param(
            GateTerms(grace=60),
            known(a_pulse(PosState.DOWN, proven_down=True)),
            200,
            id="grace, and nobody knows since when",
        ),
        pytest.param(
            REFUSE,
            known(a_pulse(PosState.DOWN, proven_down=True, failing_since=ago(-5))),
            503,
            id="a worker whose clock is ahead",
        ),
    ],
)
def test_the_judgement_follows_from_what_is_known(terms, knowledge, status):
    assert judge(DISHES, terms, knowledge).status == status


@pytest.mark.parametrize(
    ("knowledge", "asks"),
    [
        pytest.param(known(UP, can_probe=True), False, id="up and fresh"),
        pytest.param(known(UP), False, id="no probe from here"),
        pytest.param(known(None, silence=1, can_probe=True), False, id="nothing heard yet"),
        pytest.param(known(NEVER_ASKED, can_probe=True), True, id="never asked"),
        pytest.param(known(a_pulse(checked_at=ago(16)), can_probe=True), True, id="stale"),
        pytest.param(known(FAILING, can_probe=True), True, id="failing"),
        pytest.param(known(DOWN, can_probe=True), True, id="down"),
        pytest.param(known(CLOSED, can_probe=True), True, id="closed may have opened"),
        pytest.param(known(FAILING, silence=2.1, can_probe=True), False, id="a blocked worker"),
        pytest.param(known(DOWN, silence=180, can_probe=True), False, id="no worker at all"),
        pytest.param(known(DOWN, silence=0, age=3, can_probe=True), False, id="blocked, no link"),
    ],
)
def test_the_pos_is_asked_only_when_its_answer_can_change_something(knowledge, asks):
    assert (judge(DISHES, REFUSE, knowledge).move is Move.PROBE) is asks


def test_nothing_is_asked_twice_for_one_checkout():
    assert judge(DISHES, REFUSE, probed(None, FAILING)).move is not Move.PROBE


def test_a_refusal_says_why_in_the_words_of_the_pos():
    judgement = judge(DISHES, REFUSE, known(DOWN))

    assert (judgement.code, judgement.reason) == ("pos_down", "no answer")


def test_a_refusal_names_what_is_sold_out():
    judgement = judge(DISHES, REFUSE, known(a_pulse(sold_out={"Flan", "Ceviche"})))

    assert (judgement.code, judgement.reason) == ("sold_out", "sold out: Ceviche, Flan")


def test_what_is_sold_out_is_named_once():
    twice = an_order("order-1", dish(1, "Flan"), dish(1, "Flan", notes="no cream")).lines
    judgement = judge(twice, REFUSE, known(a_pulse(sold_out={"Flan"})))

    assert (judgement.sold_out, judgement.reason) == (("Flan",), "sold out: Flan")


def test_the_lines_of_a_cart_are_judged_like_those_of_an_order():
    cart = [CartLine(id="1", menu_item_id="Flan", name="Flan", quantity=1, price_cents=1)]

    assert judge(cart, REFUSE, known(a_pulse(sold_out={"Flan"}))).status == 409


def test_a_closed_restaurant_without_a_reason_gets_one():
    assert (
        judge(DISHES, REFUSE, known(a_pulse(PosState.CLOSED))).reason == "the restaurant is closed"
    )


def test_the_evidence_of_a_refusal_is_complete():
    assert judge(DISHES, REFUSE, probed(False, DOWN)).evidence == {
        "worker_heard_s_ago": 0.1,
        "silence_s": 0.1,
        "waiting_since": None,
        "live_probe": "failed",
        "state": "down",
        "reason": "no answer",
        "proven_down": True,
        "checked_at": "2026-01-09T18:00:00.000+00:00",
        "failing_since": "2026-01-09T17:59:30.000+00:00",
        "oldest_due_at": None,
    }


def test_the_evidence_says_since_when_orders_wait_here():
    judgement = judge(DISHES, REFUSE, here(601))

    assert judgement.reason == "orders wait too long: no worker takes them"
    assert judgement.evidence["waiting_since"] == "2026-01-09T17:49:59.000+00:00"
    assert judgement.evidence["worker_heard_s_ago"] is None


def test_a_yes_against_better_knowledge_says_so():
    evidence = judge(DISHES, ACCEPT, known(DOWN)).evidence

    assert evidence["down_but_policy_accepts"] == "no answer"


class Pos:
    """A live probe that answers when it is told to."""

    def __init__(self, pulses):
        self.pulses = pulses
        self.asked = 0
        self.was_asked = asyncio.Event()
        self.answer = asyncio.get_running_loop().create_future()

    async def probe(self, restaurant, deadline):
        self.asked += 1
        self.was_asked.set()
        self.budget = deadline.left
        return await self.answer

    def now_is(self, pulse, answer):
        self.pulses.put(pulse)
        self.answer.set_result(answer)


@pytest.fixture
async def pos():
    pulses = Pulses(clock=lambda: 100.0)
    pulses.put(FAILING)
    return Pos(pulses)


@pytest.fixture
async def gate(pos):
    return Gate(pos.pulses, {"lopez": REFUSE}, now=lambda: NOW, live_probe=pos.probe)


async def test_a_fresh_pos_is_judged_without_waiting(gate, pos):
    pos.pulses.put(UP)

    assert (await gate.decide("lopez", DISHES, Deadline.after(1))).status == 200
    assert pos.asked == 0


async def test_many_checkouts_share_one_probe(gate, pos):
    checkouts = [
        asyncio.ensure_future(gate.decide("lopez", DISHES, Deadline.after(60))) for _ in range(50)
    ]
    await pos.was_asked.wait()
    pos.now_is(UP, answer=True)

    assert {judgement.status for judgement in await asyncio.gather(*checkouts)} == {200}
    assert pos.asked == 1


async def test_the_next_checkout_after_a_probe_asks_again(gate, pos):
    pos.answer.set_result(False)
    await gate.decide("lopez", DISHES, Deadline.after(60))
    await gate.decide("lopez", DISHES, Deadline.after(60))

    assert pos.asked == 2


async def test_a_checkout_that_goes_away_leaves_the_probe_to_the_others(gate, pos):
    leaver = asyncio.ensure_future(gate.decide("lopez", DISHES, Deadline.after(60)))
    stayer = asyncio.ensure_future(gate.decide("lopez", DISHES, Deadline.after(60)))
    await pos.was_asked.wait()
    leaver.cancel()
    await asyncio.wait({leaver})
    pos.now_is(UP, answer=True)

    assert (await stayer).evidence["live_probe"] == "good"


async def test_a_checkout_without_time_does_not_wait_for_the_probe(gate, pos):
    judgement = await gate.decide("lopez", DISHES, Deadline(0.0, clock=lambda: 1.0))

    assert (judgement.status, judgement.evidence["live_probe"]) == (200, "unclear")


async def test_the_probe_has_a_budget_of_its_own(gate, pos):
    pos.answer.set_result(True)
    await gate.decide("lopez", DISHES, Deadline.after(60))

    assert pos.budget <= 0.8


async def test_a_probe_that_raises_is_unclear(gate, pos):
    pos.answer.set_exception(RuntimeError("the worker is gone"))

    judgement = await gate.decide("lopez", DISHES, Deadline.after(60))

    assert (judgement.status, judgement.evidence["live_probe"]) == (200, "unclear")


async def test_after_a_probe_that_raised_the_next_one_flies(gate, pos):
    pos.answer.set_exception(RuntimeError("the worker is gone"))
    await gate.decide("lopez", DISHES, Deadline.after(60))
    pos.answer = asyncio.get_running_loop().create_future()
    pos.now_is(UP, answer=True)
    pos.pulses.put(FAILING)

    assert (await gate.decide("lopez", DISHES, Deadline.after(60))).evidence["live_probe"] == "good"


async def test_a_probe_that_never_ends_makes_room_for_the_next(gate, pos, monkeypatch):
    monkeypatch.setattr("bridge.ingress.gate.STRANDED", 0.0)
    for _ in range(2):
        judgement = await gate.decide("lopez", DISHES, Deadline.after(60))
        assert judgement.evidence["live_probe"] == "unclear"

    assert not gate._flights


async def test_what_the_probe_brought_to_light_counts(gate, pos):
    checkout = asyncio.ensure_future(gate.decide("lopez", DISHES, Deadline.after(60)))
    await pos.was_asked.wait()
    pos.now_is(CLOSED, answer=True)

    assert (await checkout).code == "closed"


async def test_without_a_worker_in_this_process_nothing_is_asked(pos):
    gate = Gate(pos.pulses, {"lopez": REFUSE}, now=lambda: NOW)

    assert (await gate.decide("lopez", DISHES, Deadline.after(60))).status == 200


async def test_what_waits_in_this_process_is_looked_up_by_restaurant(pos):
    waiting = {"lopez": ago(601)}
    gate = Gate(
        pos.pulses,
        {"lopez": REFUSE, "bistro": REFUSE},
        now=lambda: NOW,
        waiting_since=waiting.get,
    )
    judgements = [await gate.decide(name, DISHES, Deadline.after(60)) for name in gate._terms]

    assert [judgement.status for judgement in judgements] == [503, 200]
