import pytest
from structlog.testing import capture_logs

from bridge.ingress.lag import LASTING, LIMIT, TICK, Lag


class Loop:
    """A loop whose ticks come as late as told."""

    def __init__(self, *lags):
        self.at, self.lags, self.rests = 1000.0, list(lags), []
        self.measured, self.was_long = [], []
        self.lag = Lag(clock=lambda: self.at, sleep=self.sleep, measure=self.measured.append)

    async def sleep(self, seconds):
        if self.rests:
            self.was_long.append(self.lag.is_long)
        self.rests.append(seconds)
        if not self.lags:
            raise EOFError
        self.at += seconds + self.lags.pop(0)

    async def turn(self):
        with capture_logs() as self.logs, pytest.raises(EOFError):
            await self.lag.run()
        return self.was_long

    @property
    def told(self):
        return [line["event"] for line in self.logs]


async def test_a_loop_that_keeps_up_is_never_late():
    loop = Loop(*[0.01] * 200)

    assert not any(await loop.turn())
    assert (set(loop.rests), loop.told) == ({TICK}, [])


async def test_ticks_that_are_late_for_two_seconds_are_long():
    loop = Loop(*[0.3] * 8)

    assert await loop.turn() == [False] * 6 + [True] * 2


async def test_one_tick_in_time_begins_anew():
    loop = Loop(*[0.3] * 4, 0.01, *[0.3] * 4)

    assert not any(await loop.turn())


async def test_it_is_over_when_it_is_over_and_each_turn_is_told_once():
    loop = Loop(*[0.5] * 10, *[0.01] * 10)

    assert (await loop.turn())[-10:] == [False] * 10
    assert loop.told == ["loop_is_late", "loop_keeps_up_again"]
    assert loop.logs[0]["lag_s"] == 0.5


@pytest.mark.parametrize(("stall", "is_long"), [(LIMIT + LASTING + 0.1, True), (2.0, False)])
async def test_one_stall_counts_by_its_length(stall, is_long):
    assert await Loop(stall).turn() == [is_long]


async def test_a_lag_at_the_limit_is_no_lag():
    loop = Loop(*[LIMIT - 1e-6] * 40)

    assert not any(await loop.turn())


async def test_each_tick_is_measured():
    loop = Loop(0.0, 0.25, 0.5)
    await loop.turn()

    assert loop.measured == pytest.approx([0.0, 0.25, 0.5])
