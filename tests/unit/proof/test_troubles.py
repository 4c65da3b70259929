"""Each trouble of a wire does what its name says, and to its own direction only."""

import asyncio

import pytest

from tests.proof.proxy import Cut, Delay, Drip, HalfClose, Hole, Reset, Trouble, Way
from tests.proof.proxy.frames import Frame
from tests.proof.proxy.troubles import Severed

ACK = Frame(name="basic.ack", raw=b"an ack of the broker")
BODY = Frame(name="body", raw=b"{}")


class FakeLine:
    def __init__(self):
        self.heard = []

    def reset(self):
        self.heard.append("reset")

    def close(self, way):
        self.heard.append(way)


@pytest.fixture
def written():
    return []


@pytest.fixture
def write(written):
    async def write(data):
        written.append(data)

    return write


async def test_no_trouble_carries_all(write, written):
    await Trouble().carry(Way.UP, ACK, write)

    assert written == [ACK.raw]


@pytest.mark.parametrize("trouble", [Delay(0.0, Way.UP), Drip(Way.UP), Hole(Way.UP)])
async def test_the_other_way_is_not_touched(trouble, write, written):
    await trouble.carry(Way.DOWN, ACK, write)

    assert written == [ACK.raw]
    assert trouble.met == 0


async def test_a_delay_loses_nothing(write, written):
    trouble = Delay(0.0)

    await trouble.carry(Way.UP, ACK, write)

    assert written == [ACK.raw]
    assert trouble.met == 1


async def test_a_drip_brings_everything_in_small_pieces(write, written):
    await Drip(Way.UP, size=3, pause=0.0).carry(Way.UP, ACK, write)

    assert b"".join(written) == ACK.raw
    assert max(map(len, written)) == 3


async def test_a_hole_swallows_and_ends_with_the_connection(write, written):
    hole = Hole(Way.DOWN)
    carrying = asyncio.ensure_future(hole.carry(Way.DOWN, ACK, write))
    await asyncio.sleep(0)
    assert not carrying.done()

    hole.over.set()

    with pytest.raises(Severed):
        await carrying
    assert written == []


async def test_what_comes_after_the_hole_passes(write, written):
    hole = Hole(Way.DOWN)
    hole.over.set()

    await hole.carry(Way.DOWN, ACK, write)

    assert written == [ACK.raw]


async def test_exactly_the_second_ack_is_lost(write, written):
    cut = Cut("basic.ack", Way.DOWN, nth=2)
    await cut.carry(Way.DOWN, ACK, write)
    await cut.carry(Way.DOWN, BODY, write)
    await cut.carry(Way.UP, ACK, write)

    with pytest.raises(Severed):
        await cut.carry(Way.DOWN, ACK, write)

    assert written == [ACK.raw, BODY.raw, ACK.raw]
    assert cut.over.is_set()
    assert cut.met == 1


async def test_after_a_cut_other_connections_go_on(write, written):
    cut = Cut("basic.ack", Way.DOWN)
    with pytest.raises(Severed):
        await cut.carry(Way.DOWN, ACK, write)

    await cut.carry(Way.DOWN, ACK, write)

    assert written == [ACK.raw]


async def test_a_cut_that_came_too_late_met_nobody(write, written):
    cut = Cut("basic.ack", Way.DOWN)
    cut.over.set()

    await cut.carry(Way.DOWN, ACK, write)

    assert written == [ACK.raw]
    assert cut.met == 0


def test_a_reset_meets_those_who_are_connected():
    reset, lines = Reset(), [FakeLine(), FakeLine()]

    reset.begin(lines)

    assert [line.heard for line in lines] == [["reset"], ["reset"]]
    assert reset.met == 2
    assert reset.over.is_set()


def test_a_half_close_says_goodbye_to_one_side():
    line = FakeLine()

    HalfClose(Way.UP).begin([line])

    assert line.heard == [Way.UP]
