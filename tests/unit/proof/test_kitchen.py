"""What is written down of a paper."""

import random

import orjson
import pytest

from bridge.testing.behaviour import up
from tests.proof.history import Journal, read_history
from tests.proof.kitchen import JournalingPos

PAPER = {
    "order_id": "o1",
    "kind": "place",
    "version": 1,
    "reason": "",
    "lines": [{"quantity": 2, "name": "Soup", "modifiers": ["Hot"], "notes": ""}],
}


class Certain(random.Random):
    """The worst always happens."""

    def random(self):
        return 0.0


@pytest.fixture
def printed(tmp_path):
    """The records of a POS in that trouble to which these papers came under those keys."""

    def printed(*papers, trouble="", idempotent=True):
        journal = Journal(tmp_path, "pos", clock=lambda: 1.0)
        pos = JournalingPos("a", "lopez", journal, Certain(), idempotent=idempotent)
        for key, paper in papers:
            pos.meet(trouble)
            pos._keep(key, orjson.dumps(paper).decode())
        journal.close()
        return list(read_history(tmp_path).of("pos"))

    return printed


def test_a_paper_is_told_with_its_dishes(printed):
    (record,) = printed(("k1", PAPER))

    assert record == {
        "witness": "pos",
        "what": "printed",
        "t": 1.0,
        "site": "a",
        "restaurant": "lopez",
        "order": "o1",
        "kind": "place",
        "version": 1,
        "marked": False,
        "dishes": {"Soup [Hot] ": 2},
        "key": "k1",
        "reply": "given",
    }


def test_a_ticket_that_gives_a_reason_is_marked(printed):
    (record,) = printed(("k1", PAPER | {"reason": "REPRINT"}))

    assert record["marked"]


def test_the_same_key_is_one_paper_where_the_pos_knows_it(printed):
    assert len(printed(("k1", PAPER), ("k1", PAPER))) == 1


def test_the_same_key_is_two_where_it_does_not(printed):
    assert len(printed(("k1", PAPER), ("k1", PAPER), idempotent=False)) == 2


@pytest.mark.parametrize("trouble", ["lost", "error"])
def test_a_reply_that_nobody_gets_is_withheld(printed, trouble):
    (record,) = printed(("k1", PAPER), trouble=trouble)

    assert record["reply"] == "withheld"


def test_without_trouble_every_ticket_is_taken(tmp_path):
    pos = JournalingPos("a", "lopez", Journal(tmp_path, "pos"), Certain())

    assert pos.always == up()
