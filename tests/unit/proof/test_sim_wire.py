"""What a caller hears of an answer, and what not."""

from contextvars import copy_context

import pytest

from tests.proof.history import read_history
from tests.proof.sim.loop import SimLoop
from tests.proof.sim.notes import Notes, keep
from tests.proof.sim.wire import Caller, Heard

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsoup"


@pytest.fixture
def caller():
    loop = SimLoop()
    yield Caller(copy_context(), loop, 0.01)
    loop.close()


def test_a_whole_answer_is_heard(caller):
    caller.feed(ANSWER[:10])
    assert not caller.ended.is_set()
    caller.feed(ANSWER[10:])

    assert caller.ended.is_set()
    assert caller.result == Heard("all", 200, b"soup")


@pytest.mark.parametrize(("cut", "heard"), [(0, "none"), (5, "part"), (len(ANSWER) - 1, "part")])
def test_a_cut_one_is_heard_in_part_or_not_at_all(caller, cut, heard):
    caller.feed(ANSWER[:cut])

    assert caller.result == Heard(heard)


def test_notes_become_the_files_that_the_checker_reads(tmp_path):
    notes = Notes()
    notes.fault("kill9", "a", 2.0)
    notes.append("alert", t=1.0, site="a", restaurant="lopez", order="o1", event="delivery_held")
    keep(notes.history(), tmp_path)

    assert read_history(tmp_path) == notes.history()


def test_a_note_that_no_record_looks_like_is_refused():
    with pytest.raises(ValueError, match="lacks"):
        Notes().append("alert", site="a")
