"""The simulated part of the proof: every fail point once, then evenings for as long as it has."""

import time
from pathlib import Path

import orjson

from tests.proof.part import Job, Result
from tests.proof.sim import matrix, seeds
from tests.proof.sim.matrix import Matrix
from tests.proof.sim.pool import Pool
from tests.proof.sim.seeds import Evenings

# Seeds of a run are far from those of another one.
_STRIDE = 1_000_000


def run(job: Job) -> Result:
    """Of one box."""
    until, first = time.monotonic() + job.plan.simulation, job.seed % 1000 * _STRIDE + 1
    with Pool() as pool:
        filled = matrix.fill(pool)
        job.tell(f"fail points: {dict(filled.counts)}")
        changing = seeds.play_twice(pool, first)
        evenings = seeds.play(pool, first, until, job.plan.targets.seeds)
    job.tell(f"evenings: {evenings.played}, {dict(evenings.sums)}")
    _keep_stories(job.directory, filled.stories | evenings.stories)
    return Result(
        figures=_figures(filled, evenings),
        wrong=[
            *(f"{story[0]}: {story[1]}" for story in filled.stories.values()),
            *(f"{how}: {story[0]}" for how, story in evenings.stories.items()),
            *(f"seed {seed} was not the same twice" for seed in changing),
        ],
        skipped=["the simulation has no broker: the split shape is broken in the storm only"],
    )


def _figures(filled: Matrix, evenings: Evenings) -> dict[str, object]:
    return {
        "points": [
            dict(zip(("name", "side", "do", "result"), cell, strict=True)) for cell in filled.cells
        ],
        "cells": dict(filled.counts),
        "unreached": filled.unreached,
        "evenings": evenings.played,
        "injections": {"simulated": evenings.sums["faults"]},
        "sums": dict(evenings.sums),
        "counts": dict(evenings.counts),
        "excused": dict(evenings.excused),
        "apart": dict(evenings.apart),
        "end_states": dict(evenings.states),
    }


def _keep_stories(directory: Path, stories: dict[str, list[str]]) -> None:
    if stories:
        text = orjson.dumps(stories, option=orjson.OPT_INDENT_2)
        (directory / "stories.json").write_bytes(text)
