"""The simulation's parent, with a pool that plays what the test wrote."""

from collections import Counter

from tests.proof.sim import matrix, seeds

REACHED = "lane.turn:write"
HANGING = "lane.run:wait"
NEVER = "lane.end:wait"


class FakePool:
    """Knows three points; what becomes of a cell says the test."""

    def __init__(self, **results):
        self._results = results
        self.played = []

    def play(self, tasks):
        for task in tasks:
            yield self._play(task)

    def _play(self, task):
        self.played.append(task)
        if task.get("ask"):
            return {**task, "points": [NEVER, HANGING, REACHED]}
        if "shot" not in task:
            sides = [(REACHED, "before"), (REACHED, "after"), (HANGING, "before")]
            return {**task, "hits": sides if task["recipe"] == 1 else []}
        usual = {"fired": ["cell"], "story": []}
        return {**task, **usual, **self._results.get(task["shot"]["do"], {})}


def test_each_cell_that_is_reached_is_played_once_by_a_recipe_that_reaches_it():
    pool = FakePool()

    filled = matrix.fill(pool)

    shots = [task for task in pool.played if "shot" in task]
    assert len(shots) == 9
    assert {task["recipe"] for task in shots} == {1}
    assert filled.counts == Counter({"passed": 9, "not reached": 9})
    assert filled.unreached == [NEVER]


def test_a_cell_with_a_story_failed_and_says_how_to_see_it_again():
    filled = matrix.fill(FakePool(crash={"story": ["lost:", "order o1"]}))

    assert filled.counts["failed"] == 3
    story = filled.stories[f"{REACHED} before crash"]
    assert story[1:] == ["lost:", "order o1"]
    assert story[0].endswith(f"--recipe 1 --point '{REACHED}' --side before --do crash")


def test_an_evening_that_broke_is_a_failure():
    filled = matrix.fill(FakePool(hang={"broken": "RuntimeError: everything waits for ever"}))

    assert filled.counts["failed"] == 3


def test_evenings_are_summed_up():
    verdict = {
        "orders": 3,
        "papers": 4,
        "counts": {"lost": 1},
        "excused": {"pos": 2},
        "end_states": {"done": 3},
        "apart": {},
    }
    found = {"verdict": verdict, "fired": ["s0"], "faults": 2, "starts": 2, "story": ["lost:"]}
    evenings = seeds.Evenings()

    evenings.add({"seed": 1, **found})
    evenings.add({"seed": 2, **found, "story": []})
    evenings.add({"seed": 3, "broken": "KeyError"})

    assert evenings.played == 3
    assert evenings.sums == Counter(orders=6, papers=8, fired=2, faults=4, starts=4)
    assert evenings.counts["lost"] == 2
    assert list(evenings.stories) == [
        "python -m tests.proof.sim --replay 1",
        "python -m tests.proof.sim --replay 3",
    ]


class ForgetfulPool:
    """Plays seed 5 as another evening each time."""

    def __init__(self):
        self._number = 0

    def play(self, tasks):
        for task in tasks:
            self._number += task["seed"] == 5
            yield {**task, "digest": f"{task['seed']}/{self._number if task['seed'] == 5 else 0}"}


def test_an_evening_that_changes_is_noticed():
    assert seeds.play_twice(ForgetfulPool(), 1) == [5]
    assert seeds.play_twice(ForgetfulPool(), 100) == []
