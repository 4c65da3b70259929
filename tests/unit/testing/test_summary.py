from dataclasses import replace

import orjson
import pytest

from bridge.testing.audit import Audit
from bridge.testing.summary import Latency, Summary, Unexpected, latency_of

FINE = Summary(
    seconds=2.04,
    answers=5,
    guests=3,
    seed=7,
    statuses={"order-injection": {200: 2, 503: 1}, "order-change": {200: 2}},
    codes={
        "order-injection": {"200 accepted": 2, "503 down": 1},
        "order-change": {"200 recorded": 2},
    },
    errors={},
    latency={
        "order-injection": Latency(p50=1.0, p90=2.0, p99=3.0, max=4.0),
        "order-change": Latency(p50=1.0, p90=1.0, p99=1.0, max=1.04),
    },
    accepted=("a", "b"),
    cancelled=("b",),
    refused=("c",),
    unanswered=(),
    disagreed=(),
    may_refuse=True,
)
GOOD_AUDIT = Audit(orders=2, tasks=1, refunded_cents=1234, papers={"place": 2, "void": 1})


def test_percentiles_are_nearest_rank():
    times = [float(number) for number in range(1, 101)]
    assert latency_of(times) == Latency(p50=50.0, p90=90.0, p99=99.0, max=100.0)


def test_one_time_is_every_percentile():
    assert latency_of([7.0]) == Latency(p50=7.0, p90=7.0, p99=7.0, max=7.0)


def test_a_summary_reads_like_this():
    assert FINE.as_text().splitlines() == [
        "3 guests, 5 answers in 2.0 s (2 a second), seed 7",
        "",
        "                       calls   p50 ms   p99 ms   max ms  answers",
        "order-injection            3      1.0      3.0      4.0  2 x 200 accepted, 1 x 503 down",
        "order-change               2      1.0      1.0      1.0  200 recorded",
        "",
        "orders: 2 accepted (1 of them cancelled), 1 refused, 0 without an answer",
        "unexpected answers: none",
    ]


def test_what_went_wrong_stands_below_the_table():
    bad = replace(
        FINE,
        errors={"order-change": {"TimeoutError": 2}},
        disagreed=("a",),
        turned_away=4,
        unexpected=(Unexpected(hook="pricecheck", what="status 500", calls=9, examples=("c1",)),),
    )
    assert bad.as_text().splitlines()[-4:] == [
        "checkouts that were not allowed to begin: 4",
        "no answer: order-change: 2 x TimeoutError",
        "repeats answered unlike the first: 1",
        "unexpected: pricecheck: 9 x status 500 (such as c1)",
    ]


def test_what_was_compared_is_told_in_two_lines():
    assert replace(FINE, audit=GOOD_AUDIT.as_dict()).as_text().splitlines()[-2:] == [
        "tickets of 2 orders: 2 place, 1 void; 1 tasks for people; refunds of 12.34",
        "every order is in its end state, with each ticket once",
    ]


def test_what_the_pos_booked_itself_is_told_beside_it():
    audit = replace(GOOD_AUDIT, booked_refunds=3, booked_cents=1200)
    told = replace(FINE, audit=audit.as_dict()).as_text().splitlines()[-2]
    assert told.endswith("refunds of 12.34 (12.00 in 3 refunds booked in the POS)")


def test_every_wrong_order_is_told():
    audit = Audit()
    audit.blame("no ticket", "o-1")
    audit.blame("no ticket", "o-2")
    text = replace(FINE, audit=audit.as_dict()).as_text()
    assert text.splitlines()[-1] == "WRONG: 2 x no ticket (such as o-1, o-2)"


@pytest.mark.parametrize(
    "wrong",
    [
        {"errors": {"order-injection": {"TimeoutError": 1}}},
        {"unanswered": ("a",)},
        {"disagreed": ("a",)},
        {"unexpected": (Unexpected(hook="pricecheck", what="status 500", calls=1),)},
        {"audit": {"problems": [{"what": "no ticket"}]}},
    ],
)
def test_anything_wrong_is_not_good(wrong):
    assert FINE.is_good
    assert not replace(FINE, **wrong).is_good


def test_it_is_json_too():
    document = orjson.loads(orjson.dumps(replace(FINE, audit=GOOD_AUDIT.as_dict()).as_dict()))
    assert document["statuses"]["order-injection"] == {"200": 2, "503": 1}
    assert document["audit"]["tickets"] == {"place": 2, "void": 1}


@pytest.mark.parametrize("wrong", [{"refused": ("c",)}, {"refused": (), "turned_away": 1}])
def test_whoever_is_refused_counts_unless_the_restaurant_may(wrong):
    assert replace(FINE, **wrong).is_good
    summary = replace(FINE, may_refuse=False, **wrong)
    assert not summary.is_good
    assert "unexpected answers: none" not in summary.as_text()


def test_nobody_refused_is_good():
    assert replace(FINE, may_refuse=False, refused=()).is_good
