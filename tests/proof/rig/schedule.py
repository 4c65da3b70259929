"""What is done to the bridge, and when: the same for the same seed."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.proof.plan import Targets
from tests.proof.rig.site import INGRESS, WORKER

KILL: Final = "kill9"
STOP: Final = "stop"
POS: Final = "pos"
PROXY: Final = "proxy"
BROKER: Final = "broker"
DISK: Final = "disk"

# Of each trouble the shortest and the longest time that it goes on.
Times = Mapping[str, tuple[float, float]]

KILLS: Final[Times] = {"": (0.0, 0.0)}
STOPS: Final[Times] = {"": (1.0, 4.0)}
FULL: Final[Times] = {"full": (0.5, 3.0)}
# What a POS does to a ticket.
TROUBLES: Final[Times] = {
    "lost": (0.3, 1.5),  # kept or not, and nobody hears of it
    "error": (0.3, 1.5),  # 500, kept or not
    "busy": (0.3, 1.5),
    "slow": (0.5, 2.0),
    "down": (0.5, 3.0),
    "closed": (0.5, 2.0),
    "paper": (0.5, 2.0),  # somebody must put some in
}
# What a wire does to whatever passes.
POS_WIRE: Final[Times] = {
    "delay": (0.5, 2.0),
    "hole up": (0.5, 3.0),
    "hole down": (0.5, 3.0),
    "hole": (0.5, 3.0),
    "reset": (0.0, 0.0),
    "half-close up": (0.0, 0.0),
    "half-close down": (0.0, 0.0),
    "drip up": (0.5, 2.0),
    "drip down": (0.5, 2.0),
}
# The time of a lost frame is that in which one may come by.
BROKER_WIRE: Final[Times] = {
    **POS_WIRE,
    "hole": (0.5, 12.0),
    "lost confirm": (1.0, 3.0),
    "lost ack": (1.0, 3.0),
    "lost publish": (1.0, 3.0),
    "lost delivery": (1.0, 3.0),
}
BROKER_TROUBLES: Final[Times] = {
    "restart": (0.0, 1.0),
    "kill": (0.0, 2.0),
    "queue deleted": (0.0, 0.0),
    "queues purged": (1.0, 3.0),
    "wiped": (0.0, 1.0),
    "alarm": (1.0, 5.0),
    "arguments changed": (1.0, 4.0),
}
_STOPS_PER_KILL: Final = 0.25
# A broker needs longer to come back than anything else.
_BROKER_EVERY: Final = 12.0
_WIRE_EVERY: Final = 5.0
_FULL_EVERY: Final = 30.0
# So many of a POS's troubles are those of its wire.
_OF_THE_WIRE: Final = 0.25
# So much more than the targets ask for is planned: some of it comes too late.
_SPARE: Final = 1.2
# A run that is short of its targets goes on for so long.
LONGEST: Final = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """`at` and `seconds` count from the beginning.

    `on` is "" for a box, ingress, worker, broker, wire.HALF or pos.RESTAURANT.
    """

    at: float
    what: str
    seconds: float = 0.0
    on: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strand:
    """So many of a kind on one thing, within the time."""

    on: str
    what: str
    troubles: Times
    number: int


def plan_box(targets: Targets, places: Sequence[str]) -> list[Strand]:
    """One process; `places` are the restaurants that have a POS."""
    kills = _kills(targets.kills, "")
    troubles = max(0, round(targets.injections * _SPARE) - _count(kills))
    return [*kills, *_troubles(troubles, places)]


def plan_split(
    targets: Targets,
    places: Sequence[str],
    *,
    wired: Sequence[str],
    seconds: float,
    has_small_disk: bool,
) -> list[Strand]:
    """Two processes, a broker between them, and wires; `wired` are the POS behind one."""
    strands = [
        *_kills(targets.kills / 2, INGRESS),
        *_kills(targets.kills / 2, WORKER),
        Strand(
            on=BROKER, what=BROKER, troubles=BROKER_TROUBLES, number=round(seconds / _BROKER_EVERY)
        ),
    ]
    for half in (INGRESS, WORKER):
        number = round(seconds / _WIRE_EVERY)
        strands.append(Strand(on=f"wire.{half}", what=PROXY, troubles=BROKER_WIRE, number=number))
        if has_small_disk:
            number = round(seconds / _FULL_EVERY)
            strands.append(Strand(on=half, what=DISK, troubles=FULL, number=number))
    troubles = max(0, round(targets.injections * _SPARE) - _count(strands))
    of_wires = round(troubles * _OF_THE_WIRE)
    return [
        *strands,
        *_troubles(troubles - of_wires, places),
        *_troubles(of_wires, wired, what=PROXY, times=POS_WIRE),
    ]


def schedule(seed: int, seconds: float, strands: Sequence[Strand]) -> tuple[Injection, ...]:
    """All of it within `seconds`, and going on like that until the longest run ends."""
    found = [each for strand in strands for each in _lay_out(seed, seconds, strand)]
    return tuple(sorted(found, key=lambda injection: injection.at))


def _kills(number: float, on: str) -> list[Strand]:
    kills = round(number * _SPARE)
    stops = max(1, round(number * _STOPS_PER_KILL))
    return [
        Strand(on=on, what=KILL, troubles=KILLS, number=kills),
        Strand(on=on, what=STOP, troubles=STOPS, number=stops),
    ]


def _troubles(
    number: int, places: Sequence[str], *, what: str = POS, times: Times = TROUBLES
) -> list[Strand]:
    """Of each restaurant's POS as many."""
    each = -(-number // len(places)) if places else 0
    return [Strand(on=f"pos.{place}", what=what, troubles=times, number=each) for place in places]


def _count(strands: Sequence[Strand]) -> int:
    return sum(strand.number for strand in strands)


def _lay_out(seed: int, seconds: float, strand: Strand) -> Iterator[Injection]:
    """Each trouble in its turn, so that none is left out where there is room for all."""
    chance = random.Random(f"storm/{seed}/{strand.on}/{strand.what}")  # noqa: S311  of a load
    deck: list[str] = []
    for at in _times(chance, seconds, strand.number):
        if not deck:
            deck = list(strand.troubles)
            chance.shuffle(deck)
        trouble = deck.pop()
        yield Injection(
            at=at,
            what=strand.what,
            seconds=chance.uniform(*strand.troubles[trouble]),
            on=strand.on,
            trouble=trouble,
        )


def _times(chance: random.Random, seconds: float, number: int) -> Iterator[float]:
    """One at any moment of each of as many equal spans, and on at the same pace."""
    if not number:
        return
    span = seconds / number
    for place in range(round(number * LONGEST)):
        yield (place + chance.random()) * span
