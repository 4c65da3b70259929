import pytest

from bridge.broker import consumer, link, lock, publisher, topology
from bridge.ingress.courier import Courier
from bridge.ledger import ledger, requests
from bridge.worker import intake, policy
from bridge.worker.attempt import Attempts
from bridge.worker.inbox import Inbox
from bridge.worker.lane import Lane
from tests.proof.bugs.catalogue import BUGS
from tests.proof.bugs.part import judge
from tests.proof.checker import COUNTERS

OWNERS = (
    *(consumer, link, lock, publisher, topology, ledger, requests, intake, policy),
    *(consumer.Consumer, lock.Lock, publisher._Slot, Courier, Attempts, Inbox, Lane),
)


def the_product():
    return [dict(vars(owner)) for owner in OWNERS]


def a_catch(bug, **more):
    caught = {"bug": bug.name, "counter": bug.breaks[0], "evenings": 1, "story": [], "control": []}
    return {**caught, **more}


def all_caught():
    return {bug.name: a_catch(bug) for bug in BUGS}


def test_there_are_fourteen_and_each_breaks_a_promise():
    assert len({bug.name for bug in BUGS}) == 14
    assert all(bug.evenings and bug.breaks and set(bug.breaks) <= set(COUNTERS) for bug in BUGS)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_is_there_while_it_is_planted_and_gone_afterwards(bug):
    before = the_product()

    with bug.plant():
        planted = the_product()

    assert planted != before
    assert the_product() == before


def test_the_proof_is_good_if_all_are_caught():
    result = judge(all_caught())

    assert result.wrong == []
    assert (result.figures["caught"], result.figures["planted"]) == (14, 14)


def test_one_that_is_not_caught_fails_the_proof():
    bug = BUGS[0]

    result = judge(all_caught() | {bug.name: a_catch(bug, counter="", evenings=9)})

    assert result.wrong == [f"{bug.name}: not caught in 9 evenings"]
    assert result.figures["caught"] == 13


def test_a_bug_that_is_blamed_for_what_happens_without_it_is_not_caught():
    bug = BUGS[3]

    result = judge(all_caught() | {bug.name: a_catch(bug, control=["lost:", "order 7"])})

    assert result.wrong == [f"{bug.name}: the evening without it is to blame, too: lost:; order 7"]
    assert result.figures["caught"] == 13


def test_one_of_which_nothing_is_known_fails_the_proof():
    catches = all_caught()
    del catches[BUGS[5].name]

    assert judge(catches).wrong == [f"{BUGS[5].name}: nobody could say whether it is caught"]
