"""Both consoles of a split site show the same."""

from tests.proof.rig.siege import compare

DONE = {("lopez", "o1"): "done"}


def test_the_same_at_both_is_as_it_should_be():
    assert compare({"ingress": DONE, "worker": DONE}) == []


def test_what_only_one_of_them_can_know_is_no_contradiction():
    assert compare({"ingress": {("lopez", "o2"): "blocked"}, "worker": DONE}) == []


def test_a_box_cannot_contradict_itself():
    assert compare({"": DONE}) == []


def test_what_the_ingress_was_not_told_is_found():
    told = compare({"ingress": {("lopez", "o1"): "waiting"}, "worker": DONE})

    assert len(told) == 1
    assert told[0].startswith("1 orders stand differently at the ingress")
    assert told[0].endswith("lopez/o1 is waiting to the ingress, and done to the worker")
