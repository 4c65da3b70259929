"""Evenings from one seed after the other, for as long as there is time; the same twice for some."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from tests.proof.sim.matrix import how_to_replay
from tests.proof.sim.pool import Pool, Task

TWICE: Final = 20


@dataclass(slots=True)
class Evenings:
    """Sums over all of them; `stories`: what went wrong, by how to see it again."""

    played: int = 0
    sums: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    excused: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    apart: Counter[str] = field(default_factory=Counter)
    stories: dict[str, list[str]] = field(default_factory=dict)

    def add(self, found: Task) -> None:
        self.played += 1
        if "broken" in found:
            self.stories[how_to_replay(found)] = [found["broken"]]
            return
        verdict = found["verdict"]
        self.sums.update(orders=verdict["orders"], papers=verdict["papers"])
        self.sums.update(
            {name: found[name] for name in ("faults", "starts")}, fired=len(found["fired"])
        )
        self.counts.update(verdict["counts"])
        self.excused.update(verdict["excused"])
        self.states.update(verdict["end_states"])
        self.apart.update(verdict["apart"])
        if found["story"]:
            self.stories[how_to_replay(found)] = found["story"]


def play(pool: Pool, first: int, until: float, least: int) -> Evenings:
    """From that seed on, until that moment of the monotonic clock, and so many in any case."""
    evenings = Evenings()
    for found in pool.play(_tasks(first, until, least)):
        evenings.add(found)
    return evenings


def play_twice(pool: Pool, first: int) -> list[int]:
    """Seeds whose second evening was another one; there should be none."""
    seeds = range(first, first + TWICE)
    tasks = [{"seed": seed} for seed in seeds]
    # The second time in another order, so that most of them come to the other process.
    once = {found["seed"]: found.get("digest") for found in pool.play(tasks)}
    again = {found["seed"]: found.get("digest") for found in pool.play(tasks[1:] + tasks[:1])}
    return [seed for seed in seeds if once[seed] != again[seed]]


def _tasks(first: int, until: float, least: int) -> Iterator[Task]:
    for seed in count(first):
        if seed >= first + least and time.monotonic() >= until:
            return
        yield {"seed": seed}
