"""How much room there is on the ledger's disk, and the reserve for when there is none."""

import stat

import pytest
from structlog.testing import capture_logs

from bridge.ledger import room as module
from bridge.ledger.room import LOOK_EVERY, TELL_EVERY, Room, RoomTerms, Space, judge
from tests.engine import Clock

TERMS = RoomTerms(ballast=100, low=500, short=200)


class Measured:
    """What is free on a disk; `broken` is raised instead."""

    def __init__(self, free):
        self.free = free
        self.broken = None

    def __call__(self, _directory):
        if self.broken:
            raise self.broken
        return self.free


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def measured():
    return Measured(1_000)


@pytest.fixture
def space(tmp_path, clock, measured):
    return Space(tmp_path, TERMS, clock=clock, measure=measured)


@pytest.fixture
def reserve(tmp_path):
    return tmp_path / "ballast"


@pytest.mark.parametrize(
    ("free", "room"),
    [(0, Room.SHORT), (199, Room.SHORT), (200, Room.LOW), (499, Room.LOW), (500, Room.AMPLE)],
)
def test_room_is_judged_by_two_thresholds(free, room):
    assert judge(free, TERMS) is room


def test_a_threshold_of_nothing_is_never_reached():
    assert judge(0, RoomTerms()) is Room.AMPLE


def test_the_reserve_takes_its_room_and_nobody_else_reads_it(space, reserve):
    space.look()

    assert reserve.stat().st_size == 100
    assert reserve.stat().st_blocks > 0
    assert stat.S_IMODE(reserve.stat().st_mode) == 0o600


@pytest.mark.parametrize(("free", "is_made"), [(299, False), (300, True)])
def test_the_reserve_is_never_what_makes_room_short(space, measured, reserve, free, is_made):
    measured.free = free
    space.look()

    assert reserve.exists() is is_made


def test_a_reserve_alone_leaves_as_much_again(tmp_path, clock, reserve):
    space = Space(tmp_path, RoomTerms(ballast=100), clock=clock, measure=lambda _directory: 199)
    space.look()

    assert not reserve.exists()


def test_the_reserve_is_made_again_once_there_is_room(space, measured, clock, reserve):
    space.look()
    measured.free = 10
    space.give_up_reserve()
    clock.pass_time(LOOK_EVERY)
    space.look()
    assert not reserve.exists()
    measured.free = 1_000
    clock.pass_time(LOOK_EVERY)
    space.look()
    assert reserve.exists()


def test_a_reserve_of_another_size_is_replaced(space, reserve):
    reserve.write_bytes(b"1234")
    space.look()

    assert reserve.stat().st_size == 100


def test_a_reserve_that_nobody_wants_any_more_is_taken_away(tmp_path, clock, measured, reserve):
    reserve.write_bytes(b"1234")
    Space(tmp_path, RoomTerms(low=5), clock=clock, measure=measured).look()

    assert not reserve.exists()


def test_a_disk_that_cannot_make_the_reserve_goes_on_without(space, reserve, monkeypatch):
    def refuse(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "posix_fallocate", refuse)
    space.look()

    assert not reserve.exists()
    assert space.room is Room.AMPLE


def test_it_looks_once_a_second(space, measured, clock):
    space.look()
    measured.free = 0
    space.look()
    assert space.room is Room.AMPLE
    clock.pass_time(LOOK_EVERY)
    space.look()
    assert (space.room, space.free) == (Room.SHORT, 0)


def test_who_asks_for_nothing_is_not_woken(tmp_path, measured):
    space = Space(tmp_path, measure=measured)
    measured.broken = OSError(5, "never asked")
    space.look()

    assert space.look_every is None


def test_a_disk_that_says_no_more_how_full_it_is_keeps_its_last_word(space, measured, clock):
    space.look()
    measured.broken = OSError(5, "Input/output error")
    clock.pass_time(LOOK_EVERY)
    space.look()

    assert (space.room, space.free) == (Room.AMPLE, 1_000)


def test_each_turn_is_told_once(space, measured, clock):
    with capture_logs() as logs:
        for measured.free in (1_000, 400, 400, 100, 100, 1_000):
            space.look()
            clock.pass_time(LOOK_EVERY)

    told = [(line["room"], line["log_level"]) for line in logs]
    assert told == [(Room.LOW, "error"), (Room.SHORT, "error"), (Room.AMPLE, "info")]


def test_a_full_disk_is_told_again_only_after_a_while(space, clock):
    with capture_logs() as logs:
        for _ in range(3):
            space.give_up_reserve()
            clock.pass_time(TELL_EVERY / 2)

    assert [line["event"] for line in logs] == ["disk_full", "disk_room", "disk_full"]
