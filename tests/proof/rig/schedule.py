"""What is done to the bridge, and when: the same for the same seed."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.proof.plan import Targets

KILL: Final = "kill9"
STOP: Final = "stop"
POS: Final = "pos"

# What a POS does to a ticket, and the shortest and the longest time that it goes on.
TROUBLES: Final = {
    "lost": (0.3, 1.5),  # kept or not, and nobody hears of it
    "error": (0.3, 1.5),  # 500, kept or not
    "busy": (0.3, 1.5),
    "slow": (0.5, 2.0),
    "down": (0.5, 3.0),
    "closed": (0.5, 2.0),
    "paper": (0.5, 2.0),  # somebody must put some in
}
_STOPPED: Final = (1.0, 4.0)
_STOPS_PER_KILL: Final = 0.25
# So much more than the targets ask for is planned: some of it comes too late.
_SPARE: Final = 1.2
# A run that is short of its targets goes on for so long.
LONGEST: Final = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """`at` and `seconds` count from the beginning. `on` is a restaurant with a POS, or ""."""

    at: float
    what: str
    seconds: float = 0.0
    on: str = ""
    trouble: str = ""


def schedule(
    seed: int, seconds: float, targets: Targets, places: Sequence[str]
) -> tuple[Injection, ...]:
    """Enough for the targets within `seconds`, and going on like that until the longest run ends.

    `places` are the restaurants that have a POS.
    """
    kills = round(targets.kills * _SPARE)
    stops = max(1, round(targets.kills * _STOPS_PER_KILL))
    troubles = max(0, round(targets.injections * _SPARE) - kills - stops)
    chance = random.Random(f"storm/{seed}")  # noqa: S311  of a load
    found = [
        *(Injection(at=at, what=KILL) for at in _times(chance, seconds, kills)),
        *(
            Injection(at=at, what=STOP, seconds=chance.uniform(*_STOPPED))
            for at in _times(chance, seconds, stops)
        ),
        *_troubles(chance, _times(chance, seconds, troubles), places),
    ]
    return tuple(sorted(found, key=lambda injection: injection.at))


def _troubles(
    chance: random.Random, times: Iterable[float], places: Sequence[str]
) -> Iterator[Injection]:
    """Each restaurant's POS in turn, so that none is spared."""
    for number, at in enumerate(times):
        trouble = chance.choice(list(TROUBLES))
        yield Injection(
            at=at,
            what=POS,
            seconds=chance.uniform(*TROUBLES[trouble]),
            on=places[number % len(places)],
            trouble=trouble,
        )


def _times(chance: random.Random, seconds: float, number: int) -> Iterator[float]:
    """One at any moment of each of as many equal spans, and on at the same pace."""
    if not number:
        return
    span = seconds / number
    for place in range(round(number * LONGEST)):
        yield (place + chance.random()) * span
