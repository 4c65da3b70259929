"""What becomes of a change, before the order was sent and from `sending` on."""

from dataclasses import replace

import pytest

from bridge.ledger.book import Fold, Move, Open
from bridge.model import DeliveryState
from tests.engine import START, an_order, changed, later, moment, nothing
from tests.unit.worker.books import (
    LIVE,
    NOW,
    ORDER,
    SENT,
    a_book,
    a_change,
    booked,
    booking,
    only,
)

# News before it was sent


@pytest.mark.parametrize("state", [DeliveryState.WAITING, DeliveryState.READY])
def test_news_before_it_was_sent_fold_into_the_ticket(state):
    news = later(ORDER, "Salad")
    found = booking(a_book(booked(state, timer="release")), changed(news))
    fold = found.actions[-1]
    assert isinstance(fold, Fold)
    assert fold.content == news


@pytest.mark.parametrize("state", LIVE)
def test_a_stale_change_is_dropped(state):
    current = later(ORDER, "Salad")
    book = a_book(booked(state, content=current), current=current, committed=True)
    found = booking(book, changed(ORDER))
    assert found.current == current
    assert not [action for action in found.actions if not isinstance(action, Move)]


def test_when_nothing_is_left_before_it_was_sent_the_order_is_voided():
    found = booking(a_book(booked(DeliveryState.READY)), changed(later(nothing())))
    assert only(found, Move).state == "voided"


def test_what_was_queued_while_it_was_being_sent_goes_when_the_ticket_itself_is_folded():
    """Sent, changed, not reached after all, changed again: the first change is old by then."""
    first, second = later(ORDER, "Salad"), later(ORDER, "Soup", by=120)
    book = a_book(booked(DeliveryState.READY), a_change(DeliveryState.READY, first), current=first)
    drop, fold = booking(book, changed(second)).actions
    assert (drop.delivery_id, drop.state) == (2, "voided")
    assert (fold.delivery_id, fold.content) == (1, second)


def test_a_change_without_its_ticket_is_voided_with_it():
    first = later(ORDER, "Salad")
    book = a_book(booked(DeliveryState.READY), a_change(DeliveryState.READY, first), current=first)
    found = booking(book, changed(later(nothing(), by=120)))
    assert [(move.delivery_id, move.state) for move in found.actions] == [
        (2, "voided"),
        (1, "voided"),
    ]


def test_a_due_time_moved_later_moves_release_and_promise():
    news = replace(later(ORDER), due_at=moment(START + 7200))
    move, fold = booking(a_book(booked(DeliveryState.READY)), changed(news)).actions
    assert (move.state, move.timer, move.next_at) == ("waiting", "release", START + 6300)
    assert fold.promise_at == START + 7200


def test_a_due_time_moved_earlier_releases_the_order():
    order = an_order(due_at=moment(START + 7200))
    news = replace(later(order), due_at=moment(START + 300))
    book = a_book(booked(DeliveryState.WAITING, timer="release", content=order), current=order)
    move, fold = booking(book, changed(news)).actions
    assert (move.state, move.next_at) == ("ready", NOW)
    assert fold.promise_at == START + 1800


def test_what_is_ready_before_its_time_waits_for_it():
    order = an_order(due_at=moment(START + 7200))
    book = a_book(booked(DeliveryState.READY, content=order), current=order)
    move, _fold = booking(book, changed(later(order))).actions
    assert (move.state, move.timer, move.next_at) == ("waiting", "release", START + 6300)


# News from `sending` on


@pytest.mark.parametrize("state", SENT)
def test_news_from_sending_on_queue_behind(state):
    news = later(ORDER, "Ceviche", "Salad")
    action = only(booking(a_book(booked(state)), changed(news)), Open)
    assert (action.operation, action.version, action.state) == ("change", 2, "ready")
    assert [difference.after for difference in action.slip.differences] == ["1 x Salad"]


@pytest.mark.parametrize("state", SENT)
def test_when_nothing_is_left_from_sending_on_a_cancel_queues_behind(state):
    action = only(booking(a_book(booked(state)), changed(later(nothing()))), Open)
    assert (action.operation, action.slip.kind) == ("cancel", "void")


def test_status_alone_is_nothing_for_the_kitchen():
    found = booking(a_book(booked(DeliveryState.DONE)), changed(later(ORDER)))
    assert (found.note, found.actions) == ("status only: nothing for the kitchen", ())


def test_news_fold_into_a_change_that_was_not_sent():
    first, second = later(ORDER, "Salad"), later(ORDER, "Soup", by=120)
    book = a_book(booked(DeliveryState.DONE), a_change(DeliveryState.READY, first), current=first)
    fold = only(booking(book, changed(second)), Fold)
    assert (fold.delivery_id, fold.content, fold.slip.version) == (2, second, 2)
    assert {difference.what for difference in fold.slip.differences} == {"added", "removed"}


def test_a_change_taken_back_before_it_was_sent_is_voided():
    first = later(ORDER, "Salad")
    book = a_book(booked(DeliveryState.DONE), a_change(DeliveryState.READY, first), current=first)
    move = only(booking(book, changed(later(ORDER, by=120))), Move)
    assert (move.delivery_id, move.state) == (2, "voided")


def test_a_change_that_became_a_cancel_is_replaced_by_one():
    first = later(ORDER, "Salad")
    book = a_book(booked(DeliveryState.DONE), a_change(DeliveryState.READY, first), current=first)
    drop, cancel = booking(book, changed(later(nothing(), by=120))).actions
    assert (drop.delivery_id, drop.state) == (2, "voided")
    assert (cancel.operation, cancel.version) == ("cancel", 3)


def test_of_two_changes_that_wait_only_the_newest_is_sent():
    """A change that was not reached waits again while a later one is queued behind it."""
    first, second, third = (later(ORDER, name, by=60 * n) for n, name in enumerate("abc", 1))
    book = a_book(
        booked(DeliveryState.DONE),
        a_change(DeliveryState.READY, first),
        a_change(DeliveryState.READY, second, version=3),
        current=second,
    )
    drop, fold = booking(book, changed(third)).actions
    assert (drop.delivery_id, drop.state) == (2, "voided")
    assert (fold.delivery_id, fold.content) == (3, third)


def test_differences_are_told_against_what_was_sent_last():
    first, second = later(ORDER, "Ceviche", "Salad"), later(ORDER, "Ceviche", "Salad", "Soup")
    book = a_book(booked(DeliveryState.DONE), a_change(DeliveryState.SENDING, first), current=first)
    action = only(booking(book, changed(replace(second, modified_at=moment(START + 99)))), Open)
    assert [difference.after for difference in action.slip.differences] == ["1 x Soup"]


def test_a_refused_change_does_not_count_as_told():
    first, second = later(ORDER, "Ceviche", "Salad"), later(ORDER, "Ceviche", "Soup", by=120)
    book = a_book(booked(DeliveryState.DONE), a_change(DeliveryState.REFUSED, first), current=first)
    action = only(booking(book, changed(second)), Open)
    assert [difference.after for difference in action.slip.differences] == ["1 x Soup"]
    assert action.version == 3


def test_changes_without_times_are_taken_in_the_order_they_come():
    old, new = an_order("Soup", at=None), an_order("Salad", at=None)
    book = a_book(booked(DeliveryState.DONE, content=old), current=old)
    assert only(booking(book, changed(new)), Open).content == new


def test_the_same_change_again_does_nothing():
    found = booking(a_book(booked(DeliveryState.DONE)), changed(ORDER))
    assert (found.note, found.actions) == ("known already", ())
