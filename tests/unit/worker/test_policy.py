import math
from dataclasses import replace

import pytest

from bridge.adapter import (
    AdapterError,
    AdapterMisconfigured,
    Blind,
    Capability,
    Idempotent,
    OperatorNeeded,
    OutcomeUnknown,
    PosBusy,
    PosUnreachable,
    ReadBack,
    TicketRejected,
)
from bridge.ledger.deliveries import Work
from bridge.model import DeliveryState, Difference, Operation, Slip, SlipKind
from bridge.worker import policy
from bridge.worker.policy import Call, LaneEffect, Resolution, choose_call, decide, resolve
from tests.engine import START, a_spec, an_order

NOW = START + 10
PROMISE = START + 1800
IDEMPOTENT = a_spec(repeat=Idempotent(window=60.0))
LOOKUP = frozenset({Capability.LOOKUP})
READ_BACK = a_spec(repeat=ReadBack(lag=5.0), capabilities=LOOKUP)
BLIND = a_spec(repeat=Blind())
GONE = Difference(what="removed", before="1 x Ceviche")


class WorseThanText(PosUnreachable):
    def __str__(self):
        raise RuntimeError("no text")


def a_work(**more):
    fields = {
        "id": 1,
        "restaurant": "lopez",
        "order_id": "o1",
        "checkout_id": "c1",
        "operation": Operation.PLACE,
        "version": 1,
        "key": "k",
        "correlation_id": "c-1",
        "state": DeliveryState.READY,
        "revision": 0,
        "accepted_at": START,
        "promise_at": PROMISE,
        "tries": 0,
        "last_try_at": None,
        "first_try_at": None,
        "pos_ref": None,
        "order": an_order(),
        "slip": Slip(kind=SlipKind.PLACE),
    }
    return Work(**{**fields, **more})


UNKNOWN = a_work(state=DeliveryState.UNKNOWN, tries=1, first_try_at=START, last_try_at=START + 5)


def decision(error, spec=IDEMPOTENT, work=None, *, now=NOW, chance=0.5):
    return decide(error, work or a_work(), spec, now, lambda: chance)


# What follows from each error: (state, state when the last try is unknown, effect on the lane)
TABLE = {
    PosUnreachable: ("ready", "unknown", LaneEffect.DOWN),
    PosBusy: ("ready", "unknown", LaneEffect.REST),
    OutcomeUnknown: ("unknown", "unknown", LaneEffect.DOUBT),
    TicketRejected: ("refused", "refused", LaneEffect.GO_ON),
    OperatorNeeded: ("ready", "unknown", LaneEffect.DOWN),
    AdapterMisconfigured: ("ready", "unknown", LaneEffect.PAUSE),
}


def kinds_of(base):
    for kind in base.__subclasses__():
        if kind.__module__.startswith("bridge."):
            yield kind
            yield from kinds_of(kind)


def test_every_error_of_the_contract_has_its_decision():
    assert set(TABLE) == set(kinds_of(AdapterError))


@pytest.mark.parametrize("kind", TABLE)
def test_an_error_means_the_same_every_time(kind):
    state, _later, effect = TABLE[kind]
    found = decision(kind("because"))
    assert (found.verdict.state, found.effect) == (state, effect)
    assert "because" in found.verdict.cause


@pytest.mark.parametrize("kind", TABLE)
def test_what_may_be_there_stays_in_doubt_whatever_the_next_try_says(kind):
    assert decision(kind("because"), work=UNKNOWN).verdict.state == TABLE[kind][1]


@pytest.mark.parametrize("error", [ValueError("x"), TimeoutError(), KeyError("x"), AdapterError()])
def test_anything_else_counts_as_unknown(error):
    assert decision(error).verdict.state == "unknown"


def test_after_a_look_up_found_nothing_an_unreachable_pos_leaves_no_doubt():
    assert decision(PosUnreachable(""), READ_BACK, UNKNOWN).verdict.state == "ready"


def test_a_blind_pos_leaves_the_question_to_a_person():
    verdict = decision(OutcomeUnknown("line cut"), BLIND).verdict
    assert verdict.state == "held"
    assert "may already be in the POS" in verdict.cause


@pytest.mark.parametrize("kind", [PosUnreachable, PosBusy, OperatorNeeded, AdapterMisconfigured])
def test_retrying_ends_at_the_promise(kind):
    verdict = decision(kind("x"), now=PROMISE).verdict
    assert verdict.state == "held"
    assert "print?" in verdict.cause


def test_past_the_promise_what_may_be_there_is_said_to_be():
    verdict = decision(PosUnreachable("x"), work=UNKNOWN, now=PROMISE).verdict
    assert verdict.state == "held"
    assert "may already be in the POS" in verdict.cause


def test_the_pause_is_full_jitter_under_a_growing_bound():
    pauses = [
        decision(PosBusy(retry_after=0), work=a_work(tries=tries), chance=1.0).verdict.next_at - NOW
        for tries in (0, 1, 2, 3, 20)
    ]
    assert pauses == [0.5, 1.0, 2.0, 4.0, 15.0]


def test_no_pause_is_shorter_than_a_moment():
    assert decision(PosBusy(retry_after=0), chance=0.0).verdict.next_at > NOW


STOPS_THE_LANE = [PosUnreachable, OperatorNeeded, AdapterMisconfigured]


@pytest.mark.parametrize("kind", STOPS_THE_LANE)
def test_what_stops_the_lane_keeps_its_place_in_the_line(kind):
    assert decision(kind("x")).verdict.next_at == NOW


@pytest.mark.parametrize("kind", STOPS_THE_LANE)
def test_what_stops_its_lane_again_and_again_lets_others_by(kind):
    assert decision(kind("x"), work=a_work(tries=3)).verdict.next_at > NOW


def test_a_busy_pos_is_left_alone_as_long_as_it_asked():
    assert decision(PosBusy(retry_after=90)).verdict.next_at == NOW + 90


@pytest.mark.parametrize("seconds", [math.nan, -5, "soon", None, [1]])
def test_a_pause_that_is_no_time_is_none(seconds):
    verdict = decision(PosBusy(retry_after=seconds)).verdict
    assert NOW < verdict.next_at <= NOW + 15


def test_a_pause_without_end_ends():
    assert decision(PosBusy(retry_after=math.inf)).verdict.next_at == NOW + policy.LONGEST_PAUSE


def test_a_refusal_names_the_field():
    cause = decision(TicketRejected("unknown item", field="lines.0")).verdict.cause
    assert cause == "unknown item (lines.0)"


@pytest.mark.parametrize(
    "error",
    [PosUnreachable("\udcff"), TicketRejected("\udcff", field="\udcff"), WorseThanText()],
)
def test_every_text_of_an_adapter_can_be_stored(error):
    decision(error).verdict.cause.encode()


def test_long_texts_are_cut():
    assert len(policy.describe(ValueError("x" * 100_000))) == policy.LONGEST_TEXT


# Unknown outcomes


def test_an_idempotent_pos_gets_the_ticket_again_inside_its_window():
    assert resolve(IDEMPOTENT, UNKNOWN, START + 59) is Resolution.RESEND
    assert resolve(IDEMPOTENT, UNKNOWN, START + 60) is Resolution.HOLD


def test_the_window_begins_with_the_first_try():
    work = a_work(state=DeliveryState.UNKNOWN, first_try_at=START, last_try_at=START + 300)
    assert resolve(IDEMPOTENT, work, START + 301) is Resolution.HOLD


def test_without_a_try_of_ours_the_window_begins_with_the_order():
    work = a_work(state=DeliveryState.UNKNOWN, accepted_at=START)
    assert resolve(IDEMPOTENT, work, START + 59) is Resolution.RESEND
    assert resolve(IDEMPOTENT, work, START + 61) is Resolution.HOLD


def test_after_its_window_an_idempotent_pos_is_asked_if_it_can_be():
    spec = a_spec(repeat=Idempotent(window=60.0), capabilities=LOOKUP)
    assert resolve(spec, UNKNOWN, START + 61) is Resolution.FIND


def test_right_after_a_try_beyond_the_window_the_pos_is_given_time():
    spec = a_spec(repeat=Idempotent(window=60.0), capabilities=LOOKUP)
    work = a_work(state=DeliveryState.UNKNOWN, first_try_at=START, last_try_at=START + 61)
    assert resolve(spec, work, START + 62) is Resolution.WAIT
    assert resolve(spec, work, START + 61 + policy.QUIET) is Resolution.FIND


def test_past_the_promise_nothing_is_sent_again_by_itself():
    spec = a_spec(repeat=Idempotent(window=86_400.0))
    assert resolve(spec, UNKNOWN, PROMISE - 1) is Resolution.RESEND
    assert resolve(spec, UNKNOWN, PROMISE) is Resolution.HOLD


def test_a_look_up_waits_for_the_lag_after_the_last_try():
    assert resolve(READ_BACK, UNKNOWN, START + 9.9) is Resolution.WAIT
    assert resolve(READ_BACK, UNKNOWN, START + 10) is Resolution.FIND


def test_a_blind_pos_is_never_asked_and_never_sent_to_again():
    assert resolve(BLIND, UNKNOWN, NOW) is Resolution.HOLD


def test_what_is_absent_may_be_sent_again():
    verdict = policy.absent(START)
    assert (verdict.state, verdict.next_at) == ("ready", START)


def test_a_look_up_that_fails_is_tried_again_until_the_promise():
    verdict = policy.still_unknown(UNKNOWN, "no answer", NOW, lambda: 0.5)
    assert (verdict.state, verdict.cause) == ("unknown", "no answer")
    assert policy.still_unknown(UNKNOWN, "x", PROMISE, lambda: 0.5).state == "held"


def test_look_ups_that_fail_for_long_become_rare():
    def pause(now):
        return policy.still_unknown(UNKNOWN, "x", now, lambda: 1.0).next_at - now

    assert pause(START + 5) == 1.0
    assert pause(START + 9) == 4.0
    assert pause(START + 600) == 15.0


# How an operation reaches the POS


@pytest.mark.parametrize(
    ("operation", "capability", "kind", "call"),
    [
        (Operation.CHANGE, Capability.CHANGE, SlipKind.CHANGE, Call.CHANGE),
        (Operation.CANCEL, Capability.CANCEL, SlipKind.VOID, Call.CANCEL),
        (Operation.REFUND, Capability.REFUND, SlipKind.REFUND, Call.REFUND),
    ],
)
def test_the_protocol_comes_before_the_slip_and_the_slip_before_the_operator(
    operation, capability, kind, call
):
    place = SlipKind.PLACE
    both = a_spec(capabilities=frozenset({capability}), slips=frozenset({place, kind}))
    slip = Slip(kind=kind, differences=(GONE,))
    assert choose_call(both, operation, slip) == (call, slip)
    papers = a_spec(slips=frozenset({place, kind}))
    assert choose_call(papers, operation, slip) == (Call.SUBMIT, slip)
    assert choose_call(a_spec(slips=frozenset({place})), operation, slip) is None


def test_an_order_is_always_submitted():
    slip = Slip(kind=SlipKind.PLACE)
    assert choose_call(a_spec(), Operation.PLACE, slip) == (Call.SUBMIT, slip)


@pytest.mark.parametrize(
    ("slips", "kind"),
    [("refund void change", "refund"), ("void change", "change"), ("void", "void")],
)
def test_what_was_refunded_before_it_was_made_goes_on_the_best_slip_there_is(slips, kind):
    spec = a_spec(slips=frozenset(SlipKind(name) for name in ["place", *slips.split()]))
    refund = Slip(kind=SlipKind.REFUND, differences=(GONE,))
    call, slip = choose_call(spec, Operation.REFUND, refund)
    assert (call, slip) == (Call.SUBMIT, replace(refund, kind=SlipKind(kind)))


def test_a_refund_of_money_alone_is_no_matter_for_a_printer():
    spec = a_spec(slips=frozenset(SlipKind))
    assert choose_call(spec, Operation.REFUND, Slip(kind=SlipKind.REFUND)) is None
