import orjson
import pytest

from bridge.model import OrderPlaced
from bridge.testing.dressing import Dressed
from bridge.testing.noise import BROKEN, Call
from bridge.testing.orders import OrderFactory
from bridge.testing.steps import Reply, Step
from bridge.testing.tally import Tally

STEP = Step(event=OrderPlaced(order=OrderFactory(1).order()), document={})
CALL = Call(step=STEP, dressed=Dressed(body=b""))
WRECK = Call(step=STEP, dressed=Dressed(body=b"", refusal=400))
YES = Reply(status=200, body=b'{"result": "accepted"}')


def problem(status, code="x", correlation_id="c-1"):
    body = orjson.dumps({"code": code, "correlation_id": correlation_id})
    return Reply(status=status, body=body)


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
    assert (found.hook, found.what, found.calls) == ("order-injection", "status 500", 9)
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
