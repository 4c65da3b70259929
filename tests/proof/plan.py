"""How long the proof runs, and what it must have done at least to be believed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What a run must reach; one that falls short fails, whatever it found."""

    orders: int
    injections: int
    kills: int
    seeds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Seconds for each part. `rate` is the storm's orders a second."""

    simulation: float
    storm: float
    rate: float
    targets: Targets


LONG = Plan(
    simulation=120.0,
    storm=370.0,
    rate=56.0,
    targets=Targets(orders=20_000, injections=2_000, kills=200, seeds=2_000),
)
# Little enough for a slow machine with two cores, where a daemon needs seconds to start.
SHORT = Plan(
    simulation=50.0,
    storm=45.0,
    rate=10.0,
    targets=Targets(orders=200, injections=80, kills=15, seeds=50),
)


def plan_for(minutes: float) -> Plan:
    """The long form stretched to so many minutes; its targets stretch with it."""
    share = minutes / 10.0
    goal = LONG.targets
    return Plan(
        simulation=LONG.simulation * share,
        storm=LONG.storm * share,
        rate=LONG.rate,
        targets=Targets(
            orders=round(goal.orders * share),
            injections=round(goal.injections * share),
            kills=round(goal.kills * share),
            seeds=round(goal.seeds * share),
        ),
    )
