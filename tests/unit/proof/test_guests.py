"""What a guest may expect, from what was heard."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge.model import CheckoutFinished, OrderChanged, OrderPlaced
from bridge.testing.dressing import plain
from bridge.testing.noise import Call
from bridge.testing.orders import OrderFactory
from bridge.testing.steps import Reply, Step
from tests.proof.guests import ALL, NONE, REFUSED, Account, Door, Heard

NOW = datetime(2026, 1, 9, 18, tzinfo=UTC)
ORDER = OrderFactory(1, lambda: NOW).order("lopez")
PLACED = OrderPlaced(order=ORDER)
YES = Heard(reply=Reply(status=200), how=ALL)
NO = Heard(reply=Reply(status=503), how=ALL)
NOTHING = Heard(reply=Reply(status=0), how=NONE)
UNHEARD = Heard(reply=Reply(status=0), how=REFUSED)


@pytest.fixture
def due():
    """What is due after these events, each with all that was heard."""

    def due(*told):
        door = Door(site="a", url="", username="", password="", on_commit=frozenset({"silva"}))
        account = Account(door)
        for event, *heard in told:
            account.learn(Call(step=Step(event=event, document={}), dressed=plain({})), heard)
        (record,) = account.close(NOW)
        return record

    return due


def test_a_yes_is_a_promise(due):
    found = due((PLACED, YES))

    assert (found["order"], found["restaurant"]) == (ORDER.id, "lopez")
    assert found["wanted"]
    assert sum(found["must"].values()) == sum(line.quantity for line in ORDER.lines)


def test_a_no_is_none(due):
    assert not due((PLACED, NO))["wanted"]


def test_one_yes_of_two_copies_counts(due):
    found = due((PLACED, NOTHING, YES))

    assert found["wanted"]
    assert not found["unclear"]


def test_where_an_answer_was_lost_nobody_knows(due):
    assert due((PLACED, NOTHING))["unclear"]


def test_what_nobody_listened_to_was_never_said(due):
    finished = CheckoutFinished(restaurant="lopez", checkout_id=ORDER.checkout_id)
    found = due((PLACED, YES), (finished, UNHEARD))

    assert not found["signed"]
    assert not found["unclear"]
    assert not due((PLACED, UNHEARD))["wanted"]


def test_news_without_a_yes_may_have_been_kept(due):
    assert due((PLACED, YES), (OrderChanged(order=ORDER), NO))["unclear"]


def test_an_order_for_later_is_not_wanted_yet(due):
    later = replace(ORDER, due_at=NOW + timedelta(hours=3))

    assert not due((OrderPlaced(order=later), YES))["wanted"]


def test_an_order_that_is_hurried_is_wanted_now(due):
    later = replace(ORDER, due_at=NOW + timedelta(hours=3))
    hurried = replace(ORDER, modified_at=ORDER.modified_at + timedelta(seconds=1))

    assert due((OrderPlaced(order=later), YES), (OrderChanged(order=hurried), YES))["wanted"]


def test_a_restaurant_that_waits_for_a_sign_says_so(due):
    other = replace(ORDER, restaurant="silva")

    assert due((OrderPlaced(order=other), YES))["on_commit"]
