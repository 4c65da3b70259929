"""What a command may ask for, as the console reads it."""

import orjson
import pytest

from bridge.console.decisions import read_demand
from bridge.console.problem import Refusal
from bridge.ledger.decisions import Demand, Wish


def read(action="replay", **body):
    return read_demand(action, orjson.dumps(body))


def test_an_order_is_named():
    demand = read(order_id="o1", restaurant="lopez", version=2, who="ana", dry_run=True)

    assert demand == Demand(
        action="replay",
        wish=Wish(order_id="o1", restaurant="lopez", version=2),
        who="ana",
        dry_run=True,
    )


def test_all_that_fit_are_named_by_a_filter():
    demand = read(filter={"restaurant": "lopez", "reason": "late", "since": 1.0})

    assert demand.wish == Wish(restaurant="lopez", reason="late", since=1.0)
    assert demand.who == "somebody"


@pytest.mark.parametrize(
    ("action", "body", "words"),
    [
        ("replay", {}, "either an order_id or a filter"),
        ("replay", {"order_id": "o1", "filter": {}}, "either an order_id or a filter"),
        ("resolve", {"order_id": "o1"}, "note: say how it was settled"),
        ("resolve", {"order_id": "o1", "note": "  "}, "note: say how it was settled"),
        ("replay", {"order_id": 7}, "order_id: Input should be a valid string"),
        ("replay", {"order": "o1"}, "order: Extra inputs are not permitted"),
        ("replay", {"filter": {"state": 1}}, "filter.state: Input should be a valid string"),
        ("void", {"order_id": "o1", "note": "x" * 501}, "note: String should have at most 500"),
        ("void", {"order_id": "o1", "version": 2**63}, "version: Input should be less than"),
        ("void", {"order_id": "o1", "version": -1}, "version: Input should be greater than"),
        ("void", {"order_id": "o1", "after": 2**63}, "after: Input should be less than"),
        ("void", {"filter": {"after": 2**63}}, "filter.after: Input should be less than"),
        ("void", {"filter": {"after": -1}}, "filter.after: Input should be greater than"),
        ("void", {"filter": {}, "after": 1}, "after goes with an order_id"),
        ("void", {"filter": {"state": "holding"}}, "filter.state: .*one of .*held.*voided"),
        ("void", {"filter": {"reason": "lat"}}, "filter.reason: .*one of .*late"),
        ("void", {"order_id": "o1", "operation": "print"}, "operation: .*one of place, change"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_field(action, body, words):
    with pytest.raises(Refusal, match=words) as refused:
        read(action, **body)

    assert refused.value.status == 400


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_time_is_a_number(number):
    with pytest.raises(Refusal, match=r"filter\.since: Input should be a finite number"):
        read_demand("void", b'{"filter": {"since": %s}}' % number.encode())


def test_a_number_without_bounds_is_refused():
    with pytest.raises(Refusal, match="version: Input should be less than"):
        read_demand("void", b'{"order_id": "o1", "version": 1%s}' % (b"0" * 40))


def test_a_named_order_is_read_on_where_the_page_before_ended():
    assert read(order_id="o1", after=7).wish == Wish(order_id="o1", after=7)


def test_a_body_that_is_no_json_is_refused():
    with pytest.raises(Refusal, match="the body: Invalid JSON"):
        read_demand("replay", b"{")
