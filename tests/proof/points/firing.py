"""What happens at the fail points: nothing, until a shot is armed there; then it happens once.

A process has one `Firing`. `crash` never returns, `hang` goes on after its time, `error` raises
what that call may raise; `before` the call has had its effect, or `after`.
"""

import os
import signal
import time
import warnings
from asyncio import sleep
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

from tests.proof.points.kinds import Instead, error_of

SIDES: Final = ("before", "after")
DOES: Final = ("crash", "error", "hang")
HANG: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """At the `nth` time that the point is reached from the arming on."""

    id: str
    point: str
    side: str = "before"
    do: str = "crash"
    nth: int = 1
    seconds: float = HANG


class Hand(Protocol):
    """How a shot is done in this process."""

    async def crash(self) -> None: ...

    def crash_now(self) -> None: ...

    async def hang(self, seconds: float) -> None: ...

    def hang_now(self, seconds: float) -> None: ...


class RealHand:
    """In a daemon of its own."""

    async def crash(self) -> None:
        self.crash_now()

    def crash_now(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)
        # The signal is on its way; nothing more may happen here.
        while True:
            signal.pause()

    async def hang(self, seconds: float) -> None:
        await sleep(seconds)

    def hang_now(self, seconds: float) -> None:
        time.sleep(seconds)


class Firing:
    """Counts who comes by, and fires at whom it is told to; `note` hears of it before."""

    def __init__(self, hand: Hand, note: Callable[[Shot], None] = lambda _shot: None) -> None:
        # By point and side: many an await never comes back.
        self.hits: Counter[tuple[str, str]] = Counter()
        self._hand = hand
        self._note = note
        self._armed: dict[tuple[str, str], tuple[Shot, int]] = {}

    def arm(self, shot: Shot) -> None:
        """In place of another one that waits there."""
        self._armed[shot.point, shot.side] = (shot, shot.nth)

    def disarm(self, shot_id: str) -> None:
        """Does nothing for one that has fired."""
        self._armed = {at: each for at, each in self._armed.items() if each[0].id != shot_id}

    @property
    def armed(self) -> list[dict[str, Any]]:
        """JSON-ready."""
        return [asdict(shot) for shot, _left in self._armed.values()]

    def take(self, point: str, side: str) -> Shot | None:
        """The shot that is due there now."""
        self.hits[point, side] += 1
        if not self._armed or (found := self._armed.get((point, side))) is None:
            return None
        shot, left = found
        if left > 1:
            self._armed[point, side] = (shot, left - 1)
            return None
        del self._armed[point, side]
        self._note(shot)
        return shot

    async def act(self, shot: Shot) -> None:
        match shot.do:
            case "crash":
                await self._hand.crash()
            case "hang":
                await self._hand.hang(shot.seconds)
            case _:
                raise error_of(shot.point, shot.side)

    def act_now(self, shot: Shot) -> None:
        """The same where nothing may be awaited."""
        match shot.do:
            case "crash":
                self._hand.crash_now()
            case "hang":
                self._hand.hang_now(shot.seconds)
            case _:
                raise error_of(shot.point, shot.side)


# Which one counts where the caller is; a simulation has several processes in one.
find: Callable[[], Firing | None] = lambda: None  # noqa: E731  replaced by `use`


def use(finder: Callable[[], Firing | None]) -> None:
    """From now on points ask this one."""
    global find  # noqa: PLW0603  the points are in code that knows nothing of us
    find = finder


async def point(name: str, awaited: Awaitable[Any]) -> Any:
    """In place of `await awaited`."""
    firing = find()
    if firing is None:
        return await awaited
    try:
        if shot := firing.take(name, "before"):
            await _before(firing, shot, awaited)
        result = await awaited
        if shot := firing.take(name, "after"):
            await firing.act(shot)
    except Instead as other:
        return other.value
    return result


async def _before(firing: Firing, shot: Shot, awaited: Awaitable[Any]) -> None:
    """What will not be awaited after all must not be complained of."""
    try:
        await firing.act(shot)
    except BaseException:
        close = getattr(awaited, "close", None)
        with warnings.catch_warnings():
            # Neither must what it was given to await.
            warnings.simplefilter("ignore", RuntimeWarning)
            if close is not None:
                close()
        raise


def write(name: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """In place of `function(*args, **kwargs)`."""
    firing = find()
    if firing is None:
        return function(*args, **kwargs)
    if shot := firing.take(name, "before"):
        firing.act_now(shot)
    result = function(*args, **kwargs)
    if shot := firing.take(name, "after"):
        firing.act_now(shot)
    return result
