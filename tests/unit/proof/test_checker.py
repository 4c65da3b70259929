"""Each rule of the proof, once kept and once broken."""

import pytest

from tests.proof.checker import (
    BLOCKED,
    COUNTERS,
    DISORDER,
    DOUBLED,
    GHOST,
    LATE,
    LOST,
    UNSEEN,
    check,
)
from tests.proof.timeline import tell_first
from tests.unit.proof.told import a_life, history, record, without


def found(*records):
    """The counters that are above 0."""
    counts = check(history(*records)).counts
    return {name for name in COUNTERS if counts[name]}


def test_an_order_as_it_should_be_is_good():
    verdict = check(history(*a_life()))

    assert verdict.is_good
    assert (verdict.orders, verdict.papers) == (1, 1)
    assert verdict.states == {"done": 1}


# Lost


def test_done_without_paper_is_lost():
    assert found(*without(a_life(), "printed")) == {LOST}


def test_what_nobody_knows_any_more_is_lost():
    assert found(*without(a_life(), "printed", "standing")) == {LOST}


HELD = record("standing", 9.1, state="held", cause="may be in the POS")


def test_held_counts_where_something_explains_it():
    asked = [*without(a_life(), "printed", "standing"), HELD, record("alert", 8.0)]

    assert found(*asked, record("pos", 1.1)) == set()
    assert found(*asked) == {LOST}
    assert found(*asked, record("pos", 1.1, on="a.pos.garcia")) == {LOST}


def test_nothing_on_the_way_to_a_worker_explains_a_question():
    asked = [*without(a_life(), "printed", "standing"), HELD, record("alert", 8.0)]

    assert found(*asked, record("broker", 1.1), record("proxy", 1.1)) == {LOST}
    assert found(*asked, record("proxy", 1.1, on="a.pos.lopez")) == set()


def test_what_was_done_after_the_alert_has_not_caused_it():
    asked = [*without(a_life(), "printed", "standing"), HELD, record("alert", 2.0)]

    assert found(*asked, record("kill9", 3.0)) == {LOST}


def test_what_is_wanted_must_not_be_taken_back():
    void = record("printed", 2.0, key="k2", kind="void", version=2, dishes=None)

    assert found(*a_life(), void) == {LOST}


def test_an_order_may_be_taken_back_and_its_second_ticket_be_refused():
    void = record("printed", 2.0, key="k2", kind="void", version=2, dishes=None)
    refused = record("standing", 9.1, state="refused", cause="no such dish")
    told = [*without(a_life(), "standing"), void, refused]

    assert found(*told, record("pos", 2.5)) == set()
    assert found(*told) == {LOST}


def test_held_without_a_word_for_people_is_lost():
    silent = record("standing", 9.1, state="held", cause="")
    asked = [*without(a_life(), "printed", "standing"), silent, record("alert", 8.0)]

    assert found(*asked, record("pos", 1.1)) == {LOST}


def test_what_nobody_promised_is_not_lost():
    refused = record("answered", 1.1, status=503, code="pos_down")
    records = without(a_life(), "printed", "answered", "standing")

    assert found(*records, refused, record("pos", 0.5)) == set()


def test_what_nobody_paid_need_not_be_made_where_a_sign_is_waited_for():
    unpaid = record("due", 9.0, on_commit=True)

    assert found(*without(a_life(), "printed", "due"), unpaid) == set()


# Doubled


def test_two_unmarked_tickets_are_doubled():
    assert found(*a_life(), record("printed", 2.0, key="k2")) == {DOUBLED}


def test_a_marked_one_is_not():
    assert found(*a_life(), record("printed", 2.0, key="k2", marked=True)) == set()


def test_the_same_change_twice_is_doubled():
    change = {"kind": "change", "version": 2}

    assert found(
        *a_life(), record("printed", 2.0, key="k2", **change), record("printed", 3.0, **change)
    ) == {DOUBLED}


# Order


def test_a_change_before_its_ticket_is_out_of_order():
    early = record("printed", 1.15, kind="change", version=2)

    assert DISORDER in found(*a_life(), early)


def test_versions_that_go_back_are_out_of_order():
    third = record("printed", 2.0, kind="change", version=3)
    second = record("printed", 3.0, kind="change", version=2)

    assert found(*a_life(), third, second) == {DISORDER}


def test_dishes_that_nobody_wants_are_found():
    assert found(*a_life(dishes={"Soup": 1, "Tea": 1})) == {DISORDER}
    assert found(*a_life(dishes={})) == {DISORDER}


def two_of_a_checkout(first_at, second_at):
    other = {"order": "o2", "call": 2}
    return [
        *without(a_life(), "printed"),
        record("printed", first_at),
        record("sent", 1.3, **other),
        record("answered", 1.4, call=2),
        record("printed", second_at, order="o2", key="k2"),
        record("due", 9.0, order="o2"),
        record("standing", 9.1, order="o2"),
    ]


def test_orders_of_a_checkout_are_printed_as_they_came():
    assert found(*two_of_a_checkout(2.0, 3.0)) == set()
    assert found(*two_of_a_checkout(3.0, 2.0)) == {DISORDER}
    assert found(*two_of_a_checkout(3.0, 2.0), record("pos", 1.2)) == set()


# Ghosts


def test_a_ticket_without_a_yes_is_a_ghost():
    refused = record("answered", 1.1, status=503, code="pos_down")

    assert found(*without(a_life(), "answered"), refused, record("pos", 0.5)) == {GHOST}


def test_a_ticket_of_an_answer_lost_in_a_kill_is_counted_apart():
    cut = record("answered", 1.1, status=0, code="", heard="none")
    verdict = check(history(*without(a_life(), "answered"), cut, record("kill9", 1.05)))

    assert verdict.is_good
    assert verdict.apart["tickets of an answer that nobody heard"] == 1


def test_a_ticket_of_a_write_that_was_not_struck_out_before_a_kill_is_counted_apart():
    refused = record("answered", 4.0, status=503, code="not_durable")
    printed = record("printed", 9.0)
    ghost = [*without(a_life(), "answered", "printed"), refused, printed, record("stop", 1.5)]

    assert found(*ghost, record("kill9", 4.2)) == set()
    assert found(*ghost, record("kill9", 4.2, on="a.worker")) == {GHOST}
    assert found(*ghost, record("kill9", 7.0)) == {GHOST}
    assert found(*ghost) == {GHOST}


def test_where_a_sign_is_waited_for_every_ticket_without_one_is_a_ghost():
    waits = record("due", 9.0, on_commit=True)
    paid = record("sent", 1.15, call=2, hook="checkout-finished", order="")
    heard = record("answered", 1.16, call=2)

    assert found(*without(a_life(), "due"), waits) == {GHOST}
    assert found(*without(a_life(), "due"), waits, paid, heard) == set()


def test_a_ticket_of_an_answer_that_the_platform_left_is_counted_apart():
    left = record("answered", 1.1, status=0, code="hung_up", heard="none")
    tried = record("sent", 1.0, at_stake=False)
    verdict = check(history(*without(a_life(), "sent", "answered"), tried, left))

    assert verdict.is_good
    assert verdict.apart["tickets of an answer that nobody heard"] == 1


def test_a_sign_that_nobody_listened_to_is_none():
    waits = record("due", 9.0, on_commit=True)
    paid = record("sent", 1.15, call=2, hook="checkout-finished", order="", at_stake=False)
    unheard = record("answered", 1.16, call=2, status=0, code="", heard="refused")

    assert found(*without(a_life(), "due"), waits, paid, unheard) == {GHOST}


def test_a_refund_is_a_sign_that_the_guest_has_paid():
    waits = record("due", 9.0, on_commit=True, unclear=True)
    refund = record("sent", 1.1, call=2, hook="items-refunded", order="", at_stake=False)

    assert found(*without(a_life(), "due"), waits, refund) == set()


# Blocked


def blocked(code, *faults, status=503):
    refused = record("answered", 1.1, status=status, code=code)
    return found(*without(a_life(), "printed", "answered", "standing"), refused, *faults)


def test_a_no_that_nothing_explains_is_a_block_without_need():
    assert blocked("pos_down") == {BLOCKED}
    assert blocked("bridge_error", record("kill9", 1.0)) == {BLOCKED}


def test_a_kill_says_nothing_of_the_pos():
    assert blocked("pos_down", record("kill9", 0.5)) == {BLOCKED}


def test_a_yes_that_does_not_let_the_guest_go_on_is_a_no():
    start = record("sent", 0.5, call=2, hook="promo", order="")
    told = record("answered", 0.6, call=2, code="not allowed")

    assert found(*a_life(), start, told) == {BLOCKED}
    assert found(*a_life(), start, told, record("pos", 0.4)) == set()


def test_a_checkout_that_never_became_an_order_counts_once():
    starts = [
        record("sent", 0.5, call=9, hook="promo", order="", checkout="c9"),
        record("answered", 0.6, call=9, status=503, code="bridge_error"),
    ]
    verdict = check(history(*two_of_a_checkout(2.0, 3.0), *starts))

    assert verdict.counts[BLOCKED] == 1
    assert verdict.orders == 2


def test_after_a_restart_somebody_must_answer():
    silent = record("answered", 2.6, status=0, code="", heard="refused")
    late = [record("sent", 2.5), silent]

    assert found(*late, record("kill9", 1.0)) == {BLOCKED}


def test_a_bug_of_ours_is_excused_by_the_shot_that_stands_for_it():
    assert blocked("bridge_error", record("shot", 1.0)) == set()


@pytest.mark.parametrize("code", ["pos_down", "not_durable", "too_late", "restaurant_down"])
def test_a_broker_excuses_nothing(code):
    assert blocked(code, record("broker", 0.5)) == {BLOCKED}


def test_another_restaurants_pos_excuses_nothing():
    assert blocked("pos_down", record("pos", 0.5, on="a.pos.garcia")) == {BLOCKED}


def test_a_fault_that_is_long_over_excuses_nothing():
    assert blocked("pos_down", record("pos", -99.0)) == {BLOCKED}


def test_where_nobody_is_there_to_answer_is_counted_apart():
    silent = record("answered", 1.1, status=0, code="", heard="refused")
    records = without(a_life(), "printed", "answered", "standing")
    verdict = check(history(*records, silent, record("kill9", 1.0)))

    assert verdict.is_good
    assert verdict.apart["calls while nobody was there to answer"] == 1
    assert found(*records, silent) == {BLOCKED}


def test_a_wire_that_keeps_a_pos_away_is_a_fault_of_that_pos():
    assert blocked("pos_down", record("proxy", 0.5, on="a.pos.lopez")) == set()
    assert blocked("pos_down", record("proxy", 0.5, on="a.pos.garcia")) == {BLOCKED}
    assert blocked("pos_down", record("proxy", 0.5)) == {BLOCKED}


def test_what_is_done_to_the_worker_explains_no_silence_of_the_ingress():
    silent = record("answered", 1.1, status=0, code="", heard="refused")
    unheard = [*without(a_life(), "printed", "answered", "standing"), silent]

    assert found(*unheard, record("kill9", 1.0, on="a.worker")) == {BLOCKED}
    assert found(*unheard, record("kill9", 1.0, on="a.ingress")) == set()


def test_only_the_disk_of_who_answers_explains_that_nothing_can_be_kept():
    assert blocked("not_durable", record("disk", 1.0, on="a.worker")) == {BLOCKED}
    assert blocked("not_durable", record("disk", 1.0, on="a.ingress")) == set()


def test_news_of_a_pos_that_was_held_up_on_its_way_explains_a_no_for_a_while():
    closed = record("pos", -12.0, until=-10.0)
    held_up = record("broker", -11.0, until=-6.0)

    assert blocked("closed", closed, status=409) == {BLOCKED}
    assert blocked("closed", closed, held_up, status=409) == set()
    assert blocked("closed", record("pos", -30.0, until=-20.0), held_up) == {BLOCKED}


# Unseen and late


def test_what_is_still_unknown_in_the_end_is_told():
    unknown = record("standing", 9.1, state="unknown", cause="no answer in time")

    assert found(*without(a_life(), "standing"), unknown) == {UNSEEN}


def test_held_without_an_alert_is_unseen():
    assert found(*without(a_life(), "standing"), HELD, record("pos", 1.1)) == {UNSEEN}


def test_an_answer_past_its_budget_is_late_unless_the_process_was_stopped():
    slow = [*without(a_life(), "answered"), record("answered", 5.0, ms=4000)]

    assert found(*slow) == {LATE}
    assert found(*slow, record("stop", 2.0)) == set()


def test_where_the_machine_let_nobody_work_an_answer_may_be_late():
    slow = [*without(a_life(), "answered"), record("answered", 5.0, ms=3300)]
    refused = record("answered", 4.0, status=503, code="too_late", ms=400)
    verdict = check(history(*slow))

    assert verdict.is_good
    assert verdict.excused == {"the machine had no processor to spare": 1}
    assert found(*without(a_life(), "printed", "answered", "standing"), refused) == set()
    assert blocked("too_late") == {BLOCKED}


# The story


def test_the_shortest_story_of_the_gravest_kind_is_told():
    elsewhere = record("pos", 1.05, on="a.pos.garcia")
    records = history(*without(a_life(), "printed"), record("broker", 1.05), elsewhere)
    lines = tell_first(check(records), records)

    assert lines[0] == "lost:"
    assert lines[1].startswith("order o1 at a/lopez: accepted, never printed")
    assert [line.split()[1:3] for line in lines[2:]] == [
        ["bbot", "sent"],
        ["faults", "broker"],
        ["bbot", "answered"],
        ["people", "standing"],
    ]
    assert tell_first(check(history(*a_life())), history(*a_life())) == []
