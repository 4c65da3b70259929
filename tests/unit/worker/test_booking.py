from dataclasses import replace
from itertools import count

import pytest

from bridge.ledger.book import Book, Fold, Move, Open
from bridge.model import DeliveryState, Fate, Slip, SlipKind
from bridge.worker.booking import GHOST_WAIT, SIGN_WAIT
from tests.engine import START, an_order, changed, later, moment, nothing, placed
from tests.unit.worker.books import (
    LIVE,
    NOW,
    ON_COMMIT,
    ORDER,
    PROMPT,
    a_book,
    a_change,
    booked,
    booking,
    only,
)

# Placing


def test_an_accepted_order_is_ready_at_once():
    action = only(booking(Book(), placed(ORDER)), Open)
    assert (action.operation, action.version, action.state) == ("place", 1, "ready")
    assert action.next_at == NOW


@pytest.mark.parametrize("fate", [Fate.WRITTEN, Fate.UNSURE])
def test_on_accept_releases_what_was_answered_or_may_have_been(fate):
    assert only(booking(Book(), placed(ORDER, fate=fate)), Open).state == "ready"


def test_on_accept_keeps_an_order_whose_answer_never_went_out_until_the_clock_voids_it():
    action = only(booking(Book(), placed(ORDER, fate=Fate.GONE)), Open)
    assert (action.state, action.timer) == ("waiting", "void")
    assert action.next_at == START + GHOST_WAIT


@pytest.mark.parametrize("fate", [Fate.WRITTEN, Fate.UNSURE])
def test_on_commit_waits_for_the_sign_and_then_asks_a_person(fate):
    action = only(booking(Book(), placed(ORDER, fate=fate), ON_COMMIT), Open)
    assert (action.state, action.timer) == ("waiting", "hold")
    assert action.next_at == START + SIGN_WAIT


def test_on_commit_voids_a_ghost_like_on_accept_does():
    action = only(booking(Book(), placed(ORDER, fate=Fate.GONE), ON_COMMIT), Open)
    assert (action.state, action.timer) == ("waiting", "void")


def test_an_order_for_later_waits_until_its_preparation_begins():
    order = an_order(due_at=moment(START + 7200))
    action = only(booking(Book(), placed(order)), Open)
    assert (action.state, action.timer) == ("waiting", "release")
    assert action.next_at == START + 7200 - 900


def test_the_promise_is_the_due_time_or_half_an_hour_after_it_came_in():
    assert only(booking(Book(), placed(ORDER)), Open).promise_at == START + 1800
    order = an_order(due_at=moment(START + 7200))
    assert only(booking(Book(), placed(order)), Open).promise_at == START + 7200


def test_a_due_time_just_ahead_does_not_shorten_the_promise():
    order = an_order(due_at=moment(START + 60))
    assert only(booking(Book(), placed(order)), Open).promise_at == START + 1800


def test_an_order_without_preparation_has_time_to_be_sent():
    order = an_order(due_at=moment(START + 7200))
    action = only(booking(Book(), placed(order), replace(PROMPT, preparation=0.0)), Open)
    assert action.promise_at > action.next_at + 60


# Placed again


@pytest.mark.parametrize("state", [DeliveryState.VOIDED, DeliveryState.REFUSED])
def test_what_came_to_nothing_is_placed_again_with_the_next_version(state):
    action = only(booking(a_book(booked(state)), placed(ORDER)), Open)
    assert (action.operation, action.version, action.slip.version) == ("place", 2, 2)


def test_placing_again_takes_the_new_content_even_without_times():
    old, new = an_order("Soup", at=None), an_order("Salad", at=None)
    book = a_book(booked(DeliveryState.REFUSED, content=old), current=old)
    assert only(booking(book, placed(new)), Open).content == new


def test_placing_again_does_not_bring_back_an_older_state():
    new = later(ORDER, "Salad")
    book = a_book(booked(DeliveryState.VOIDED, content=new), current=new)
    assert only(booking(book, placed(ORDER)), Open).content == new


@pytest.mark.parametrize("state", [state for state in LIVE if state != "waiting"])
def test_a_repeat_of_a_live_order_does_nothing(state):
    found = booking(a_book(booked(state)), placed(ORDER))
    assert (found.note, found.actions) == ("known already", ())


def test_a_repeat_whose_answer_was_written_releases_the_order():
    move = only(booking(a_book(booked(DeliveryState.WAITING, timer="void")), placed(ORDER)), Move)
    assert (move.state, move.timer) == ("ready", None)


def test_a_repeat_whose_answer_never_went_out_releases_nothing():
    event = placed(ORDER, fate=Fate.GONE)
    assert booking(a_book(booked(DeliveryState.WAITING, timer="void")), event).actions == ()


def test_on_commit_a_written_repeat_is_no_sign_but_the_clock_voids_no_longer():
    book = a_book(booked(DeliveryState.WAITING, timer="void"))
    move = only(booking(book, placed(ORDER, received=START + 30), ON_COMMIT), Move)
    assert (move.state, move.timer) == ("waiting", "hold")
    assert move.next_at == START + 30 + SIGN_WAIT


def test_on_commit_a_repeat_does_not_prolong_the_wait_for_the_sign():
    book = a_book(booked(DeliveryState.WAITING, timer="hold"))
    assert booking(book, placed(ORDER, received=START + 30), ON_COMMIT).actions == ()


# Signs


@pytest.mark.parametrize("timer", ["void", "hold"])
@pytest.mark.parametrize("terms", [PROMPT, ON_COMMIT])
def test_an_order_change_releases_an_order_that_waits(timer, terms):
    found = booking(a_book(booked(DeliveryState.WAITING, timer=timer)), changed(ORDER), terms)
    assert only(found, Move).state == "ready"
    assert found.committed


def test_a_stale_change_is_a_sign_all_the_same():
    current = later(ORDER, "Salad")
    book = a_book(booked(DeliveryState.WAITING, timer="void", content=current), current=current)
    found = booking(book, changed(ORDER))
    assert only(found, Move).state == "ready"
    assert found.current == current


def test_a_sign_for_an_order_for_later_lets_it_wait_for_its_time():
    order = an_order(due_at=moment(START + 7200))
    book = a_book(booked(DeliveryState.WAITING, timer="void", content=order), current=order)
    move = only(booking(book, changed(order)), Move)
    assert (move.state, move.timer, move.next_at) == ("waiting", "release", START + 6300)


def test_a_sign_after_the_clock_held_the_order_answers_the_question():
    book = a_book(booked(DeliveryState.HELD, timer="hold"))
    assert only(booking(book, changed(ORDER), ON_COMMIT), Move).state == "ready"


def test_the_late_sign_brings_its_news_with_it():
    news = later(ORDER, "Salad")
    found = booking(a_book(booked(DeliveryState.HELD, timer="hold")), changed(news), ON_COMMIT)
    move, fold = found.actions
    assert (move.state, fold.content) == ("ready", news)


def test_an_order_held_for_any_other_reason_stays_held():
    assert booking(a_book(booked(DeliveryState.HELD)), changed(ORDER)).actions == ()


def test_a_sign_after_a_void_fires_the_order_again():
    action = only(booking(a_book(booked(DeliveryState.VOIDED)), changed(ORDER)), Open)
    assert (action.version, action.slip.reason, action.state) == (2, "REFIRED", "ready")


def test_a_change_folded_into_a_refired_ticket_keeps_the_mark():
    slip = Slip(kind=SlipKind.PLACE, version=2, reason="REFIRED")
    book = a_book(booked(DeliveryState.READY, version=2, slip=slip))
    assert only(booking(book, changed(later(ORDER, "Salad"))), Fold).slip.reason == "REFIRED"


def test_a_change_after_a_refusal_does_nothing():
    assert booking(a_book(booked(DeliveryState.REFUSED)), changed(ORDER)).actions == ()


# Changes of an order never heard of


def test_a_change_of_an_unknown_order_places_it():
    action = only(booking(Book(), changed(ORDER, fate=Fate.GONE), ON_COMMIT), Open)
    assert (action.operation, action.state) == ("place", "ready")


@pytest.mark.parametrize(
    "order",
    [
        replace(ORDER, closed_at=moment(START)),
        nothing(),
        an_order(placed_at=moment(START - 90_000)),
    ],
    ids=["closed", "nothing waiting", "older than this service"],
)
def test_a_change_of_an_unknown_order_that_is_not_ours_to_make_is_archived(order):
    found = booking(Book(), changed(order))
    assert found.note.startswith("archived")
    assert (found.current, found.actions) == (order, ())


def test_the_injection_after_the_change_is_known_already():
    news = later(ORDER, "Salad")
    book = a_book(booked(DeliveryState.READY, content=news), current=news, committed=True)
    found = booking(book, placed(ORDER))
    assert found.actions == ()
    assert found.current == news


def test_an_injection_that_was_overtaken_by_the_end_of_its_order_is_voided():
    last = later(nothing())
    found = booking(a_book(current=last, committed=True), placed(ORDER))
    action = only(found, Open)
    assert (action.state, action.timer, action.next_at) == ("voided", None, None)
    assert found.current == last


def test_an_injection_that_comes_again_after_its_order_was_emptied_makes_nothing():
    last = later(nothing())
    book = a_book(booked(DeliveryState.VOIDED, content=last), current=last)
    assert booking(book, placed(ORDER)).actions == ()


def test_an_order_with_nothing_on_it_is_never_printed():
    empty = nothing()
    book = a_book(booked(DeliveryState.VOIDED, content=empty), current=empty)
    assert booking(book, placed(empty)).actions == ()


def test_an_old_change_after_the_last_one_makes_nothing():
    last = later(nothing())
    assert booking(a_book(current=last, committed=True), changed(ORDER)).actions == ()


# After a lost disk


LOST = replace(PROMPT, since=START + 600)


def test_a_republished_order_from_before_this_service_is_in_doubt():
    action = only(booking(Book(), placed(ORDER, copy=2), LOST), Open)
    assert (action.state, action.next_at) == ("unknown", NOW)


@pytest.mark.parametrize(
    ("copy", "terms"), [(1, LOST), (2, PROMPT)], ids=["first copy", "received since"]
)
def test_any_other_order_is_not_in_doubt(copy, terms):
    assert only(booking(Book(), placed(ORDER, copy=copy), terms), Open).state == "ready"


def test_a_republished_ghost_still_waits_for_its_sign():
    event = placed(ORDER, copy=2, fate=Fate.GONE)
    assert only(booking(Book(), event, LOST), Open).state == "waiting"


def test_a_republished_sign_leaves_the_order_in_doubt():
    book = a_book(booked(DeliveryState.WAITING, timer="void"))
    assert only(booking(book, changed(ORDER, copy=2), LOST), Move).state == "unknown"


def test_a_republished_order_for_later_waits_for_its_time():
    order = an_order(due_at=moment(START + 7200))
    action = only(booking(Book(), placed(order, copy=2), LOST), Open)
    assert (action.state, action.timer) == ("waiting", "release")


def test_a_republished_change_is_in_doubt_like_its_order():
    event = changed(later(ORDER, "Salad"), copy=2)
    action = only(booking(a_book(booked(DeliveryState.UNKNOWN)), event, LOST), Open)
    assert (action.operation, action.state) == ("change", "unknown")


def test_versions_count_over_all_operations():
    versions = count(1)
    book = a_book(
        booked(DeliveryState.DONE, version=next(versions)),
        a_change(DeliveryState.DONE, ORDER, version=next(versions)),
    )
    assert book.next_version == 3
