import pytest

from bridge.console.findings import Facts, Level, examine
from bridge.ledger.bounces import Bounced
from bridge.ledger.misread import Misread
from bridge.ledger.questions import Count
from bridge.ledger.unplaced import Unplaced
from bridge.model.bounce import MOST_BOUNCES, Bounce

WELL = {
    "ledger": {"writable": True},
    "broker": {},
    "restaurants": {"lopez": {"state": "up", "reason": "", "deliveries": {}}},
}
UP = {"state": "up", "reason": "", "server": "rabbit:5672"}


def findings(**more):
    facts = Facts(**{name: more.pop(name) for name in Facts.__slots__ if name in more})
    return examine({**WELL, **more}, ["lopez"], facts)


def pos(**known):
    return {"restaurants": {"lopez": known}}


def the_worst(found):
    (one,) = [each for each in found if each.level is not Level.GOOD]
    return one


def test_when_all_is_well_every_part_says_so():
    assert {(one.subject, one.level) for one in findings()} == {
        ("ledger", Level.GOOD),
        ("lopez", Level.GOOD),
    }


@pytest.mark.parametrize(
    ("more", "level", "subject", "words"),
    [
        ({"ledger": {"writable": False, "reason": "disk full"}}, "bad", "ledger", "disk full"),
        ({"ledger": {}}, "bad", "ledger", "cannot be kept"),
        (
            {"ledger": {"writable": True, "damaged_rows": 2}},
            "bad",
            "ledger",
            "2 calls, deliveries or messages",
        ),
        ({"disk": {"room": "low", "free_mb": 300}}, "warning", "disk", "300 MB are free"),
        ({"disk": {"room": "short", "free_mb": 9}}, "bad", "disk", "9 MB are free"),
        ({"disk": {"room": "ample", "renewals": 1}}, "bad", "disk", "it failed"),
        (pos(state="down", reason="no route"), "bad", "lopez", "its POS is down: no route"),
        (pos(state="unknown"), "warning", "lopez", "its POS is unknown"),
        (pos(), "warning", "lopez", "its POS is unknown"),
        (pos(state="up", deliveries={"unknown": 1}), "warning", "lopez", "nobody knows"),
        ({"broker": {"publishing": {**UP, "state": "down"}}}, "bad", "broker", "link is down"),
        ({"broker": {"degraded": {"q": "406 inequivalent"}}}, "bad", "broker", "406"),
        ({"broker": {"not_read": {"lopez": "cancelled"}}}, "bad", "lopez", "cancelled"),
        ({"broker": {"not_through": {"lopez": "returned"}}}, "bad", "lopez", "returned"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(more, level, subject, words):
    found = the_worst(findings(**more))
    assert (found.level, found.subject) == (level, subject)
    assert words in found.text


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("PRECONDITION_FAILED - inequivalent arg", "rabbitmqctl delete_queue t.orders.lopez.v1"),
        ("ACCESS_REFUSED - configure access", "lacks the right"),
        ("no answer within 5 s", "tried again every few seconds"),
    ],
)
def test_what_the_broker_refuses_comes_with_what_to_do(sentence, words):
    found = the_worst(findings(broker={"degraded": {"t.orders.lopez.v1": sentence}}))
    assert words in found.hint


def a_bounce(kind, number=1, *, is_stuck=False):
    return Bounced(
        restaurant="lopez",
        order_id="o1",
        correlation_id="x1",
        hook="order-injection",
        kind=kind,
        number=number,
        is_stuck=is_stuck,
    )


@pytest.mark.parametrize(
    ("bounced", "level", "words"),
    [
        (a_bounce(Bounce.RETURNED), Level.WARNING, "no queue took them: o1"),
        (a_bounce(Bounce.RETURNED, MOST_BOUNCES), Level.BAD, "no queue took them: o1"),
        (a_bounce(Bounce.DEAD), Level.WARNING, "dead-lettered and go out again: o1"),
        (a_bounce(Bounce.DEAD, MOST_BOUNCES, is_stuck=True), Level.BAD, "go out no more: o1"),
    ],
)
def test_what_the_broker_brought_back_is_named(bounced, level, words):
    found = the_worst(findings(bounced=[bounced]))

    assert (found.level, found.subject) == (level, "lopez")
    assert words in found.text


def test_what_is_held_is_told_with_whose_side_it_is_on_and_what_to_do():
    asked = [Count(restaurant="lopez", reason="late", side="", number=2)]
    found = the_worst(findings(asked=asked))

    assert (found.level, found.subject) == (Level.WARNING, "lopez")
    assert found.text == "2 held for a person to decide: late (side of the staff)"
    assert "replay to print it" in found.hint
    assert "pos-bridge orders --restaurant lopez --state held" in found.hint


def test_a_restaurant_that_waits_for_signs_in_vain_is_told_what_to_do():
    found = the_worst(findings(signless=["lopez"]))
    assert found.level is Level.WARNING
    assert "order-change" in found.hint


def test_quotes_that_nobody_asks_for_are_told_of():
    found = the_worst(findings(unasked=["lopez"]))
    assert (found.level, found.subject) == (Level.WARNING, "lopez")
    assert "--role" in found.hint


def a_misread(number=1, restaurant="lopez", order_id="o"):
    return Misread(
        restaurant=restaurant,
        order_id=order_id and f"{order_id}-{number}",
        correlation_id=f"call-{number}",
        code="bad_item",
    )


def test_changes_that_nobody_could_read_are_named():
    found = the_worst(findings(misread=[a_misread(number) for number in range(9)]))
    assert (found.level, found.subject) == (Level.WARNING, "lopez")
    assert found.text.startswith(
        "9 calls of order-change could not be read: o-0 (call-0, bad_item)"
    )
    assert ("call-4" in found.text, "call-5" in found.text) == (True, False)
    assert "--raw" in found.hint


def test_a_change_of_nobody_knows_what_is_a_matter_of_the_ingress():
    found = the_worst(findings(misread=[a_misread(restaurant="", order_id="")]))
    assert (found.subject, "no order (call-1" in found.text) == ("ingress", True)


def test_changes_of_restaurants_that_are_not_served_here_are_nobodys():
    found = findings(misread=[a_misread(restaurant="elsewhere")])
    assert all(one.level is Level.GOOD for one in found)


def test_refunds_of_which_no_order_tells_are_named_with_their_calls():
    unplaced = [Unplaced(restaurant="lopez", name=name) for name in ("x1", "x2")]
    found = the_worst(findings(unplaced=unplaced))
    assert (found.level, found.subject) == (Level.WARNING, "lopez")
    assert found.text == "of 2 refunds this week no order tells: x1, x2"
    assert "pos-bridge show" in found.hint


def test_a_refund_of_nobody_knows_whom_is_a_matter_of_the_ingress():
    found = the_worst(findings(unplaced=[Unplaced(restaurant="", name="x1")]))
    assert found.subject == "ingress"


def test_a_closed_restaurant_and_a_link_that_is_up_are_well():
    found = findings(broker={"consuming": UP, "locks": {}}, **pos(state="closed"))
    assert {one.level for one in found} == {Level.GOOD}


LOCKED = "refused: RESOURCE_LOCKED"


@pytest.mark.parametrize(
    ("heard", "words"),
    [
        ({"worker": "w-2", "console": "http://two:8082"}, "worker w-2 (http://two:8082) serves it"),
        ({"worker": "w-1", "console": "http://one:8082"}, "another worker serves it"),
        ({}, "another worker serves it"),
    ],
)
def test_an_idle_worker_says_who_serves_and_why(heard, words):
    found = the_worst(
        findings(
            ledger={"writable": True, "identity": "w-1"},
            broker={"locks": {"lopez": LOCKED}},
            restaurants={"lopez": {"state": "up", **heard}},
        )
    )

    assert (found.level, found.subject) == ("warning", "lopez")
    assert found.text.startswith(words)
    assert LOCKED in found.text


@pytest.mark.parametrize("lock", ["held", "lost: the connection was lost"])
def test_a_lock_that_nobody_else_has_is_no_finding(lock):
    assert all(one.level is Level.GOOD for one in findings(broker={"locks": {"lopez": lock}}))
