from dataclasses import replace

import pytest

from bridge.testing.audit import Audit, Paper, compare, is_settled, papers_of
from bridge.testing.tabs import Due

DUE = Due(
    order_id="o-1",
    restaurant="north",
    is_wanted=True,
    is_signed=True,
    is_known=True,
    is_cancelled=False,
    is_unclear=False,
    may_wait=False,
    must={"Soup": 2},
    may=(),
    facts={"table": "Bar", "due": "", "notes": ""},
    refunded_cents=0,
    changes=0,
    voids=0,
    refires=0,
    refunds=0,
)
GONE = replace(DUE, is_wanted=False, is_cancelled=True, must={}, voids=1, refires=1)
FACTS = {"table": "Bar", "due": "", "notes": ""}
TICKET = Paper(kind="place", version=1, key="k1", dishes={"Soup": 2}, facts=FACTS)
VOID = Paper(kind="void", version=2, key="k2", dishes={}, facts=FACTS)
CHANGE = replace(TICKET, kind="change", version=2, key="k2", facts=FACTS | {"notes": "no rush"})
CHANGED = replace(DUE, changes=1, facts=FACTS | {"notes": "no rush"})
REFUND = replace(TICKET, kind="refund", version=2, key="k2")
BOOKED = replace(REFUND, cents=700)
REFUNDED = replace(DUE, refunds=1, refunded_cents=700)


def a_delivery(operation="place", version=1, state="done", amount=None):
    return {
        "operation": operation,
        "version": version,
        "state": state,
        "cause": "",
        "key": f"k{version}",
        "amount_cents": amount,
        "attempts": [{}] if state == "done" else [],
    }


def a_document(*deliveries, state="done"):
    return {"state": state, "deliveries": list(deliveries) or [a_delivery()]}


PLACED_AND_VOID = a_document(a_delivery(), a_delivery("cancel", 2))
PLACED_AND_CHANGED = a_document(a_delivery(), a_delivery("change", 2))
PLACED_AND_REFUNDED = a_document(a_delivery(), a_delivery("refund", 2, amount=700))


def roof(due):
    return replace(due, facts=FACTS | {"table": "Roof"})


def found(due, document, *papers):
    return list(compare(due, document, papers))


@pytest.mark.parametrize(
    ("due", "document", "papers"),
    [
        (DUE, a_document(), (TICKET,)),
        (GONE, PLACED_AND_VOID, (TICKET, VOID)),
        (GONE, a_document(a_delivery(state="voided"), state="voided"), ()),
        (CHANGED, PLACED_AND_CHANGED, (TICKET, CHANGE)),
        (
            replace(DUE, refunded_cents=300, refunds=1),
            a_document(a_delivery(), a_delivery("refund", 2, "held", 300), state="held"),
            (TICKET,),
        ),
        (replace(DUE, is_known=False, is_wanted=False), None, ()),
        (replace(DUE, is_unclear=True), None, ()),
        (
            replace(DUE, must={"Soup": 1}, may=(frozenset({"Soup"}),)),
            a_document(),
            (TICKET,),
        ),
    ],
)
def test_what_is_as_it_should_be_has_no_problem(due, document, papers):
    assert found(due, document, *papers) == []


@pytest.mark.parametrize(
    ("problem", "due", "document", "papers"),
    [
        ("the bridge said yes, and does not know the order", DUE, None, ()),
        (
            "not in an end state, but ready",
            GONE,
            a_document(a_delivery(state="ready"), state="ready"),
            (),
        ),
        ("no ticket", DUE, a_document(a_delivery(state="voided"), state="voided"), ()),
        (
            "a person is asked about a place: ",
            DUE,
            a_document(a_delivery(state="held"), state="held"),
            (),
        ),
        (
            "the POS refused a place",
            DUE,
            a_document(a_delivery(state="refused"), state="refused"),
            (),
        ),
        ("not taken back", GONE, a_document(), (TICKET,)),
        ("taken back, but it is wanted", replace(DUE, voids=1), PLACED_AND_VOID, (TICKET, VOID)),
        (
            "dishes are missing on the last ticket",
            replace(DUE, must={"Soup": 3}),
            a_document(),
            (TICKET,),
        ),
        (
            "dishes on the last ticket that nobody wants",
            replace(DUE, must={"Soup": 1}),
            a_document(),
            (TICKET,),
        ),
        ("another table on the last ticket", roof(DUE), a_document(), (TICKET,)),
        ("another notes on the last ticket", CHANGED, a_document(), (TICKET,)),
        (
            "another due on the last ticket",
            replace(DUE, facts=FACTS | {"due": "2026-01-09T20:00+00:00"}),
            a_document(),
            (TICKET,),
        ),
        (
            "a change ticket that changes nothing",
            replace(CHANGED, changes=2),
            a_document(a_delivery(), a_delivery("change", 2), a_delivery("change", 3)),
            (TICKET, CHANGE, replace(CHANGE, version=3, key="k3")),
        ),
        (
            "more tickets than there was reason for: void",
            GONE,
            a_document(a_delivery(), a_delivery("cancel", 2), a_delivery("cancel", 3)),
            (TICKET, VOID, replace(VOID, version=3, key="k3")),
        ),
        (
            "a ticket is in another restaurant's POS",
            DUE,
            a_document(),
            (replace(TICKET, pos="south"),),
        ),
        (
            "a ticket was made for another restaurant",
            DUE,
            a_document() | {"restaurant": "north"},
            (replace(TICKET, restaurant="south"),),
        ),
        (
            "a refund names another amount than the bridge says",
            REFUNDED,
            PLACED_AND_REFUNDED,
            (TICKET, replace(REFUND, amount_cents=699)),
        ),
        (
            "another amount refunded than there was",
            replace(DUE, refunded_cents=1),
            a_document(),
            (TICKET,),
        ),
        (
            "more tickets than there was reason for: change",
            DUE,
            PLACED_AND_CHANGED,
            (TICKET, CHANGE),
        ),
        (
            "more tickets than there was reason for: place",
            replace(DUE, is_known=False, is_wanted=False),
            a_document(),
            (TICKET,),
        ),
        (
            "done says the bridge, but the POS does not have it",
            CHANGED,
            PLACED_AND_CHANGED,
            (TICKET,),
        ),
        (
            "the POS has a ticket that the bridge does not call done",
            replace(DUE, changes=1),
            a_document(),
            (TICKET, CHANGE),
        ),
        (
            "tickets in another order than their versions",
            CHANGED,
            PLACED_AND_CHANGED,
            (CHANGE, TICKET),
        ),
    ],
)
def test_each_problem_is_found(problem, due, document, papers):
    assert problem in found(due, document, *papers)


def test_two_tickets_are_found_even_where_calls_had_no_answer():
    second = replace(TICKET, version=2, key="k2")
    due = replace(DUE, is_unclear=True)
    document = a_document(a_delivery(), a_delivery(version=2))
    assert found(due, document, TICKET, second) == ["more than one ticket that is not marked"]


def test_the_same_ticket_twice_is_found():
    assert "the POS has a ticket twice" in found(DUE, a_document(), TICKET, TICKET)


def test_a_ticket_fired_again_is_marked_and_needs_a_reason():
    again = replace(TICKET, version=3, key="k3", is_marked=True)
    document = a_document(a_delivery(), a_delivery("cancel", 2), a_delivery(version=3))
    papers = (TICKET, VOID, again)
    assert found(replace(DUE, voids=1, refires=1), document, *papers) == []
    assert found(replace(DUE, voids=1), document, *papers) == [
        "more tickets than there was reason for: marked"
    ]


def test_nothing_is_left_after_a_refund_that_says_so():
    due = replace(GONE, is_cancelled=False, refires=0, refunds=1, refunded_cents=700)
    document = a_document(a_delivery(), a_delivery("refund", 2, amount=700))
    assert found(due, document, TICKET, replace(REFUND, dishes={})) == []
    assert found(due, document, TICKET, REFUND) == ["not taken back"]


def test_where_nothing_is_left_nobody_needs_to_know_the_table():
    due = replace(GONE, may=(frozenset({"Soup"}),) * 2, is_cancelled=False)
    assert found(roof(due), a_document(), TICKET) == []


@pytest.mark.parametrize("amount", [0, 300, 700])
def test_of_a_bill_that_was_taken_back_nothing_more_need_be_refunded(amount):
    document = a_document(
        a_delivery(), a_delivery("cancel", 2), a_delivery("refund", 3, "held", amount)
    )
    due = replace(GONE, refunds=1, refunded_cents=700)
    assert found(due, document, TICKET, VOID) == []


@pytest.mark.parametrize("amount", [699, 701])
def test_of_any_other_every_cent_counts(amount):
    document = a_document(a_delivery(), a_delivery("refund", 2, "held", amount))
    due = replace(DUE, refunds=1, refunded_cents=700)
    assert found(due, document, TICKET) == ["another amount refunded than there was"]


@pytest.mark.parametrize("refund", [REFUND, BOOKED])
def test_a_refund_is_counted_in_the_pos_or_by_what_its_paper_stands_for(refund):
    assert found(REFUNDED, PLACED_AND_REFUNDED, TICKET, refund) == []


@pytest.mark.parametrize("cents", [699, 701])
def test_a_refund_that_the_pos_booked_with_another_amount_is_found(cents):
    assert found(REFUNDED, PLACED_AND_REFUNDED, TICKET, replace(BOOKED, cents=cents)) == [
        "the POS has booked another amount than the bridge says",
        "another amount refunded than there was",
    ]


@pytest.mark.parametrize("cents", [699, 701])
def test_a_cent_that_bridge_and_pos_agree_upon_is_wrong_if_the_guest_was_told_another(cents):
    document = a_document(a_delivery(), a_delivery("refund", 2, amount=cents))
    assert found(REFUNDED, document, TICKET, replace(BOOKED, cents=cents)) == [
        "another amount refunded than there was"
    ]


def test_a_refund_that_the_pos_booked_twice_is_found():
    assert set(found(REFUNDED, PLACED_AND_REFUNDED, TICKET, BOOKED, BOOKED)) == {
        "the POS has booked a refund twice",
        "more tickets than there was reason for: refund",
        "tickets in another order than their versions",
        "another amount refunded than there was",
    }


def test_a_refund_that_the_pos_never_booked_is_found():
    assert found(REFUNDED, PLACED_AND_REFUNDED, TICKET) == [
        "done says the bridge, but the POS does not have it",
        "another amount refunded than there was",
    ]


def test_a_refund_that_nobody_calls_done_is_found():
    held = a_document(a_delivery(), a_delivery("refund", 2, "held", 700), state="held")
    assert set(found(REFUNDED, held, TICKET, BOOKED)) == {
        "the POS has a ticket that the bridge does not call done",
        "another amount refunded than there was",
    }


def test_a_wrong_booking_is_found_even_where_calls_had_no_answer():
    due = replace(REFUNDED, is_unclear=True)
    papers = (TICKET, replace(BOOKED, cents=1))
    assert found(due, PLACED_AND_REFUNDED, *papers) == [
        "the POS has booked another amount than the bridge says"
    ]


def test_what_is_booked_adds_up_over_orders_and_steps():
    document = a_document(
        a_delivery(), a_delivery("refund", 2, amount=300), a_delivery("refund", 3, amount=400)
    )
    steps = (replace(BOOKED, cents=300), replace(BOOKED, version=3, key="k3", cents=400))
    audit = Audit()
    for _ in range(2):
        audit.add(replace(REFUNDED, refunds=2), document, (TICKET, *steps))
    said = audit.as_dict()
    assert (said["booked_refunds"], said["booked_cents"]) == (4, 1400)
    assert (said["refunded_cents"], said["problems"]) == (1400, [])


def test_an_unpaid_order_that_waits_for_its_sign_is_no_loss():
    document = a_document(a_delivery(state="held"), state="held")
    assert found(replace(DUE, is_signed=False), document) == []


@pytest.mark.parametrize("state", ["done", "refused", "held", "voided", "archived", "blocked"])
def test_an_order_is_settled_in_its_end_states(state):
    assert is_settled(DUE, {"state": state, "deliveries": []})


@pytest.mark.parametrize("state", ["waiting", "ready", "sending", "unknown"])
def test_any_other_state_is_not_the_end(state):
    assert not is_settled(DUE, {"state": state, "deliveries": []})
    assert not is_settled(DUE, {"state": "done", "deliveries": [a_delivery(state=state)]})


def test_what_nobody_has_paid_for_may_wait_but_not_hang():
    unpaid = replace(DUE, is_signed=False, may_wait=True)
    waiting = a_document(a_delivery(state="waiting"), state="waiting")
    assert is_settled(unpaid, waiting)
    assert found(unpaid, waiting) == []
    assert not is_settled(unpaid, a_document(a_delivery(state="ready"), state="ready"))


def test_an_order_that_is_not_there_is_settled_only_if_nobody_said_yes_to_it():
    assert is_settled(replace(DUE, is_known=False), None)
    assert not is_settled(DUE, None)


def test_without_a_pos_to_look_at_the_bridges_word_is_taken():
    document = a_document(
        a_delivery(), a_delivery("cancel", 2), a_delivery(version=3), a_delivery("refund", 4)
    )
    papers = papers_of(document)
    assert [paper.kind for paper in papers] == ["place", "void", "place", "refund"]
    assert [paper.is_marked for paper in papers] == [False, False, True, False]


def test_an_audit_adds_up_and_names_a_few_orders():
    audit = Audit()
    for _ in range(Audit.SHOWN + 1):
        audit.add(DUE, a_document(a_delivery(), a_delivery("refund", 2, amount=50)), (REFUND,))
    document = audit.as_dict()
    assert document["orders"] == Audit.SHOWN + 1
    assert document["refunded_cents"] == 50 * (Audit.SHOWN + 1)
    assert all(len(each["examples"]) == Audit.SHOWN for each in document["problems"])


def test_orders_of_one_restaurant_are_those_of_one_here():
    audit = Audit()
    for place in ("cafe", "cafe", "grill"):
        audit.add(DUE, a_document() | {"restaurant": place}, (TICKET,))
    assert audit.as_dict()["problems"][0]["what"] == "orders of one restaurant are those of two"


def test_a_dish_that_was_refunded_and_ordered_again_is_news():
    papers = (
        TICKET,
        replace(BOOKED, dishes={"Soup": 1}),
        replace(TICKET, kind="change", version=3),
    )
    assert "a change ticket that changes nothing" not in found(DUE, None, *papers)
