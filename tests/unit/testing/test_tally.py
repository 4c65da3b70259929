from dataclasses import replace

import orjson
import pytest

from bridge.model import OrderPlaced, PriceCheck
from bridge.testing.codes import Code
from bridge.testing.dressing import Dressed
from bridge.testing.noise import BROKEN, Call
from bridge.testing.orders import OrderFactory
from bridge.testing.partner_bodies import cart_of
from bridge.testing.replies import EMPTY, LATE
from bridge.testing.steps import Reply, Step
from bridge.testing.tally import Tally
from tests.evening import FIELD, discount, offer

STEP = Step(event=OrderPlaced(order=OrderFactory(1).order()), document={})
CALL = Call(step=STEP, dressed=Dressed(body=b""))
WRECK = Call(step=STEP, dressed=Dressed(body=b"", refusal=400))
YES = Reply(
    status=200,
    body=orjson.dumps({"result": "accepted", "order_id": STEP.event.order_id}),
)
TYPED = replace(
    CALL,
    step=Step(event=PriceCheck(cart=cart_of(STEP.event.order, "g")), document={}, code="HAPPY"),
)
HAPPY = Code.read("HAPPY=10%/guest")


def problem(status, code="x", correlation_id="c-1"):
    body = orjson.dumps({"code": code, "correlation_id": correlation_id})
    return Reply(status=status, body=body, content_type="application/problem+json")


@pytest.fixture
def tally():
    return Tally()


def told(tally):
    return tally.summary(1.0, 0, None)


def test_answers_are_counted_by_hook_status_and_code(tally):
    for reply in (YES, YES, problem(503, "pos_down")):
        tally.note(CALL, reply, 5.0)
    found = told(tally)
    assert found.statuses == {"order-injection": {200: 2, 503: 1}}
    assert found.codes == {"order-injection": {"200 accepted": 2, "503 pos_down": 1}}
    assert found.unexpected == ()


def test_an_unexpected_answer_is_named_with_a_few_correlation_ids(tally):
    for number in range(9):
        tally.note(CALL, problem(500, correlation_id=f"c-{number}"), 5.0)
    (found,) = told(tally).unexpected
    assert (found.hook, found.what, found.calls) == ("order-injection", "status 500 x", 9)
    assert found.examples == ("c-0", "c-1", "c-2")


def test_a_wreck_must_get_its_own_refusal(tally):
    tally.note(WRECK, problem(400), 5.0)
    assert told(tally).unexpected == ()
    tally.note(WRECK, YES, 5.0)
    (found,) = told(tally).unexpected
    assert (found.hook, found.what) == (BROKEN, "status 200 for a body that nobody can read")


@pytest.mark.parametrize(
    ("replies", "list_name"),
    [
        ((YES,), "accepted"),
        ((YES, YES), "accepted"),
        ((problem(503),), "refused"),
        ((Reply(status=0),), "unanswered"),
        ((YES, Reply(status=0)), "accepted"),
    ],
)
def test_an_order_is_accepted_refused_or_unanswered(tally, replies, list_name):
    tally.note_order("o-1", replies)
    found = told(tally)
    assert getattr(found, list_name) == ("o-1",)
    assert found.disagreed == ()


@pytest.mark.parametrize(
    "replies",
    [(YES, problem(503)), (YES, Reply(status=202, body=YES.body)), (YES, Reply(status=200))],
)
def test_copies_of_an_order_must_be_answered_alike(tally, replies):
    tally.note_order("o-1", replies)
    assert told(tally).disagreed == ("o-1",)


def test_hooks_stand_in_the_order_of_an_evening(tally):
    tally.note(WRECK, problem(400), 1.0)
    tally.note(CALL, YES, 1.0)
    assert list(told(tally).latency) == ["order-injection", BROKEN]


def test_a_call_without_an_answer_is_an_error_by_its_name(tally):
    tally.note_error(CALL, TimeoutError())
    assert told(tally).errors == {"order-injection": {"TimeoutError": 1}}


def test_a_wreck_that_is_only_told_is_kept_without_effect(tally):
    told_wreck = replace(WRECK, dressed=Dressed(body=b"", refusal=200))
    tally.note(told_wreck, Reply(status=200, body=b'{"result": "archived"}'), 5.0)
    assert told(tally).unexpected == ()
    tally.note(told_wreck, Reply(status=200, body=b'{"result": "recorded"}'), 5.0)
    (found,) = told(tally).unexpected
    assert found.what == "a body that nobody can read has an effect"


def test_an_answer_has_its_budget(tally):
    tally.note(CALL, replace(YES, seconds=2.4), 5.0)
    tally.note(TYPED, replace(offer(prompts=FIELD), seconds=0.9), 5.0)
    assert told(tally).unexpected == ()
    tally.note(CALL, replace(YES, seconds=2.6), 5.0)
    tally.note(TYPED, replace(offer(prompts=FIELD), seconds=1.1), 5.0)
    assert {(each.hook, each.what) for each in told(tally).unexpected} == {
        ("order-injection", LATE),
        ("pricecheck", LATE),
    }


def test_a_busy_machine_is_late_and_leaves_out_the_quote():
    asked = replace(TYPED, step=replace(TYPED.step, has_field=True))
    for is_busy, found in ((False, {LATE, EMPTY}), (True, set())):
        tally = Tally(is_busy=is_busy)
        tally.note(asked, replace(offer(), seconds=1.1), 5.0)
        assert {each.what for each in told(tally).unexpected} == found


def test_a_code_that_never_takes_anything_off_is_found():
    tally = Tally(promo=(HAPPY, Code.read("NOBODY TYPED")))
    tally.note(TYPED, offer(prompts=FIELD), 5.0)
    (found,) = told(tally).unexpected
    assert (found.hook, found.what) == (
        "pricecheck",
        "the code HAPPY never takes anything off",
    )


def test_a_code_that_works_once_in_a_while_works():
    tally = Tally(promo=(HAPPY,))
    tally.note(TYPED, offer(prompts=FIELD), 5.0)
    tally.note(TYPED, offer(discounts=discount(TYPED.step.event.cart, 5)), 5.0)
    assert told(tally).unexpected == ()


@pytest.mark.parametrize(("code", "found"), [("HAPPY=1/guest", 1), ("HAPPY=1", 0)])
def test_a_code_for_once_is_not_paid_with_twice(code, found):
    tally = Tally(promo=(Code.read(code),))
    for guest in ("g-1", "g-1", "g-2"):
        tally.note_codes(guest, [("north", "HAPPY")])
    tally.note_codes("g-3", [("south", "HAPPY")])
    assert len(told(tally).unexpected) == found
