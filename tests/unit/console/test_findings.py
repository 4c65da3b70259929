import pytest

from bridge.console.findings import Level, examine

WELL = {
    "ledger": {"writable": True},
    "broker": {},
    "restaurants": {"lopez": {"state": "up", "reason": "", "deliveries": {}}},
}
UP = {"state": "up", "reason": "", "server": "rabbit:5672"}


def findings(signless=(), **more):
    return examine({**WELL, **more}, ["lopez"], signless)


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
        (pos(state="down", reason="no route"), "bad", "lopez", "its POS is down: no route"),
        (pos(state="unknown"), "warning", "lopez", "its POS is unknown"),
        (pos(), "warning", "lopez", "its POS is unknown"),
        (pos(state="up", deliveries={"held": 2}), "warning", "lopez", "2 wait for a person"),
        (pos(state="up", deliveries={"unknown": 1}), "warning", "lopez", "nobody knows"),
        ({"broker": {"publishing": {**UP, "state": "down"}}}, "bad", "broker", "link is down"),
        ({"broker": {"degraded": {"q": "406 inequivalent"}}}, "bad", "broker", "406"),
        ({"broker": {"not_through": {"lopez": "returned"}}}, "bad", "lopez", "returned"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(more, level, subject, words):
    found = the_worst(findings(**more))
    assert (found.level, found.subject) == (level, subject)
    assert words in found.text


def test_a_restaurant_that_waits_for_signs_in_vain_is_told_what_to_do():
    found = the_worst(findings(signless=["lopez"]))
    assert found.level is Level.WARNING
    assert "order-change" in found.hint


def test_a_closed_restaurant_and_a_link_that_is_up_are_well():
    found = findings(broker={"consuming": UP, "locks": {}}, **pos(state="closed"))
    assert {one.level for one in found} == {Level.GOOD}
