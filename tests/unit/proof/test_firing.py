"""Shots are fired where and when they are meant to be, once."""

import sqlite3

import pytest

from bridge.adapter import OutcomeUnknown, PosUnreachable
from bridge.broker import PublishResult
from bridge.broker.guard import Disconnected
from bridge.ledger import LedgerError
from tests.proof.points import control, firing
from tests.proof.points.firing import Firing, Shot
from tests.proof.points.kinds import Instead, error_of

POINT = "kitchen.Cook.serve:self.stir"


class Hand:
    def __init__(self):
        self.done = []

    async def crash(self):
        self.crash_now()

    def crash_now(self):
        self.done.append("crash")

    async def hang(self, seconds):
        self.hang_now(seconds)

    def hang_now(self, seconds):
        self.done.append(f"hang {seconds:g}")


class World:
    """What was done at the point, in its order."""

    def __init__(self):
        self.hand, self.noted = Hand(), []
        self.firing = Firing(self.hand, lambda shot: self.noted.append(shot.id))

    @property
    def done(self):
        return self.hand.done

    async def stir(self):
        self.done.append("effect")
        return "soup"

    def arm(self, **how):
        self.firing.arm(Shot(**{"id": "s1", "point": POINT, **how}))


@pytest.fixture
def world(monkeypatch):
    world = World()
    monkeypatch.setattr(firing, "find", lambda: world.firing)
    return world


async def test_without_a_shot_nothing_happens(world):
    assert await firing.point(POINT, world.stir()) == "soup"
    assert world.done == ["effect"]


async def test_nobody_need_be_there_to_fire(monkeypatch, world):
    monkeypatch.setattr(firing, "find", lambda: None)

    assert await firing.point(POINT, world.stir()) == "soup"
    assert firing.write(POINT, max, 1, 2) == 2


@pytest.mark.parametrize(
    ("side", "order"), [("before", ["crash", "effect"]), ("after", ["effect", "crash"])]
)
async def test_a_shot_is_fired_on_its_side(world, side, order):
    world.arm(side=side)

    await firing.point(POINT, world.stir())

    assert world.done == order


async def test_a_shot_is_fired_once_and_noted(world):
    world.arm(do="hang", seconds=2.0)

    await firing.point(POINT, world.stir())
    await firing.point(POINT, world.stir())

    assert world.done == ["hang 2", "effect", "effect"]
    assert world.noted == ["s1"]


async def test_a_shot_waits_for_its_turn(world):
    world.arm(nth=3)

    for _ in range(3):
        await firing.point(POINT, world.stir())

    assert world.done == ["effect", "effect", "crash", "effect"]


async def test_a_disarmed_shot_is_not_fired(world):
    world.arm()
    world.firing.disarm("s1")

    await firing.point(POINT, world.stir())

    assert world.done == ["effect"]


async def test_an_error_before_keeps_the_call_from_its_effect(world):
    world.arm(do="error")

    with pytest.raises(RuntimeError, match="a shot before"):
        await firing.point(POINT, world.stir())
    assert world.done == []


async def test_an_error_after_comes_too_late_for_that(world):
    world.arm(do="error", side="after")

    with pytest.raises(RuntimeError, match="a shot after"):
        await firing.point(POINT, world.stir())
    assert world.done == ["effect"]


def test_a_write_is_a_point_too(world):
    world.arm(side="after", do="hang")

    assert firing.write(POINT, world.done.append, "effect") is None
    assert world.done == ["effect", "hang 3"]


async def test_a_publish_returns_its_trouble(world):
    point = "ingress.courier.Courier._publish:self._lines.publisher.publish"
    world.arm(do="error", point=point)

    assert await firing.point(point, world.stir()) is PublishResult.NOT_SENT
    assert world.done == []


@pytest.mark.parametrize(
    ("name", "side", "kind"),
    [
        ("worker.lane.Lane._turn:self._ledger.write", "before", LedgerError),
        ("ledger.writer.Writer._commit:connection.execute#2", "after", sqlite3.OperationalError),
        ("worker.attempt.Attempts._send:vendor.call", "before", PosUnreachable),
        ("worker.attempt.Attempts._send:vendor.call", "after", OutcomeUnknown),
        ("ingress.app.Front._write:response.prepare", "before", ConnectionResetError),
        ("broker.publisher.Publisher._send:exchange.publish", "before", Disconnected),
        ("worker.reporter.Reporter._say:self._publisher.publish", "after", Instead),
        ("ingress.reception.Reception.answer:self._answer", "before", RuntimeError),
    ],
)
def test_errors_are_those_that_the_call_may_raise(name, side, kind):
    assert type(error_of(name, side)) is kind


def test_control_arms_disarms_and_tells(world):
    fields = {"id": "s2", "point": POINT, "side": "after", "do": "error", "nth": 2, "seconds": 1.0}

    assert control.obey({"arm": fields}, world.firing) == {"armed": "s2"}
    assert control.obey({"ask": "armed"}, world.firing) == [fields]
    assert control.obey({"disarm": "s2"}, world.firing) == {"disarmed": "s2"}
    assert control.obey({"ask": "armed"}, world.firing) == []
    world.firing.take(POINT, "before")
    assert control.obey({"ask": "hits"}, world.firing) == [[POINT, "before", 1]]
    assert "error" in control.obey({"shoot": "all"}, world.firing)
