"""The troubles of wires by their names in the schedule."""

import random
from collections.abc import Callable
from typing import Final

from tests.proof.proxy import Cut, Delay, Drip, HalfClose, Hole, Proxy, Reset, Trouble, Way
from tests.proof.rig.schedule import Injection

_LONGEST_DELAY: Final = 0.5
# One of the first so many frames is lost.
_FIRST: Final = 6

_KINDS: Final[dict[str, Callable[[random.Random], Trouble]]] = {
    "delay": lambda chance: Delay(chance.uniform(0.01, _LONGEST_DELAY)),
    "hole": lambda _chance: Hole(),
    "hole up": lambda _chance: Hole(Way.UP),
    "hole down": lambda _chance: Hole(Way.DOWN),
    "reset": lambda _chance: Reset(),
    "half-close up": lambda _chance: HalfClose(Way.UP),
    "half-close down": lambda _chance: HalfClose(Way.DOWN),
    "drip up": lambda _chance: Drip(Way.UP),
    "drip down": lambda _chance: Drip(Way.DOWN),
    "lost confirm": lambda chance: _lose("basic.ack", Way.DOWN, chance),
    "lost ack": lambda chance: _lose("basic.ack", Way.UP, chance),
    "lost publish": lambda chance: _lose("basic.publish", Way.UP, chance),
    "lost delivery": lambda chance: _lose("basic.deliver", Way.DOWN, chance),
}


def trouble_of(injection: Injection) -> Trouble:
    """The same for the same injection."""
    return _KINDS[injection.trouble](random.Random(f"wire/{injection.at}"))  # noqa: S311  of a load


async def suffer(proxy: Proxy, injection: Injection) -> bool:
    """False if nobody noticed: nothing came by."""
    # Some of these are over at once, or as soon as their frame was lost.
    return await proxy.suffer(trouble_of(injection), injection.seconds)


def _lose(name: str, way: Way, chance: random.Random) -> Trouble:
    return Cut(name, way, chance.randint(1, _FIRST))
