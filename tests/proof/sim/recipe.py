"""What a seed does to its evening: how many come, and what goes wrong when. Pure."""

import random
from dataclasses import dataclass
from typing import Any, Final

from tests.proof.points.firing import DOES, SIDES, Shot
from tests.proof.points.rewrite import CATALOGUE

# What a box without a broker never comes by.
ELSEWHERE: Final = (
    "bridge.broker",
    "bridge.ingress.courier",
    "bridge.ingress.postbox",
    "bridge.worker.inbox",
    "bridge.worker.reporter",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """`trouble` is a share of the submits, `noise` one of the calls.

    `faults`: (seconds after the one before, what). `only`: these restaurants instead of some.
    """

    guests: int = 4
    restaurants: int = 2
    only: tuple[str, ...] = ()
    pace: float = 1.5
    has_partner: bool = False
    trouble: float = 0.0
    noise: float = 0.0
    faults: tuple[tuple[float, Any], ...] = ()


# Shots that lead to where else nothing comes by.
_SLOW_RECORD: Final = Shot(
    id="slow", point="ledger.writer.Writer._commit:connection.execute#2", do="hang", nth=30
)
_SLOW_FATE: Final = Shot(
    id="late", point="ingress.reception.Reception.answer:self._answer", side="after", do="hang"
)
_BAD_EVENT: Final = Shot(
    id="bad", point="ingress.forwarder.Forwarder._pass_on:self._hand_over", do="error"
)

# By these a cell of the matrix is reached: each shot is armed in the first that comes by its point.
REACHING: Final[tuple[Recipe, ...]] = (
    Recipe(guests=3, only=("north", "east")),
    Recipe(guests=3, only=("south", "west"), has_partner=True),
    Recipe(guests=4, only=("north", "south"), trouble=0.6, noise=0.2),
    Recipe(guests=4, only=("south", "east"), faults=((2.0, "kill"), (4.0, "stop"))),
    Recipe(guests=3, only=("west",), has_partner=True, noise=0.8, trouble=0.3),
    Recipe(guests=4, only=("east", "south"), faults=((0.5, ("off", 0, 15.0)), (1.0, "kill"))),
    Recipe(guests=8, only=("north",), noise=1.0, pace=0.2),
    Recipe(guests=6, only=("south", "east"), trouble=0.9),
    Recipe(guests=6, only=("north", "south"), trouble=0.9, faults=((1.0, ("off", 1, 20.0)),)),
    Recipe(guests=3, only=("south",), faults=((0.0, _SLOW_RECORD), (0.5, "stop"))),
    Recipe(guests=3, only=("north",), faults=((0.0, _SLOW_FATE), (0.5, _BAD_EVENT))),
)


def draw(seed: int) -> Recipe:
    """For that seed."""
    chance = random.Random(f"{seed}/recipe")  # noqa: S311  no secret
    has_partner = chance.random() < 0.3
    number = chance.choice((1, 1, 2, 3))
    return Recipe(
        guests=chance.randint(2, 3) if has_partner else chance.randint(3, 6),
        restaurants=chance.choice((1, 2, 2)),
        has_partner=has_partner,
        trouble=chance.choice((0.0, 0.1, 0.3)),
        noise=chance.choice((0.0, 0.1, 0.3)),
        faults=tuple(_draw_fault(chance, each) for each in range(number)),
    )


def list_points() -> list[str]:
    """Those that this shape may come by, in the order of their names."""
    return sorted(
        point.name for point in CATALOGUE.values() if not point.module.startswith(ELSEWHERE)
    )


def _draw_fault(chance: random.Random, number: int) -> tuple[float, Any]:
    after = chance.uniform(0.0, 6.0)
    match chance.choice(("shot", "shot", "shot", "shot", "kill", "kill", "stop", "off", "closed")):
        case "shot":
            return after / 2, Shot(
                id=f"s{number}",
                point=chance.choice(list_points()),
                side=chance.choice(SIDES),
                do=chance.choice(DOES),
                nth=chance.choice((1, 1, 1, 2, 3, 5)),
            )
        case ("off" | "closed") as what:
            return after, (what, chance.randint(0, 3), chance.uniform(1.0, 40.0))
        case what:
            return after, what
