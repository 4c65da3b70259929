"""One evening with a bug, and the same one without it."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from tests.proof.bugs.catalogue import Bug
from tests.proof.bugs.plants import replaced
from tests.proof.bugs.world import SplitRecipe, SplitWorld
from tests.proof.checker import COUNTERS, Verdict, check
from tests.proof.sim import world
from tests.proof.sim.recipe import Recipe
from tests.proof.timeline import tell_first

# The seeds of these evenings.
FIRST: Final = 77_000
# So often all evenings of a bug are tried, each time with other guests.
ROUNDS: Final = 3
# Nobody waits longer for what is lost; all that is only late has come by then.
PATIENCE: Final = 400.0


@dataclass(slots=True, kw_only=True)
class Catch:
    """`counter`: which promise was broken, "" if none was. `control`: what the same evening
    without the bug was blamed for.
    """

    bug: str
    counter: str = ""
    evenings: int = 0
    story: list[str] = field(default_factory=list)
    control: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return bool(self.counter) and not self.control


def hunt(bug: Bug) -> Catch:
    """Evening after evening, until the checker says that the promise is broken."""
    catch = Catch(bug=bug.name)
    for seed, recipe in enumerate(bug.evenings * ROUNDS, FIRST):
        catch.evenings += 1
        verdict, story = play(bug, seed, recipe, is_planted=True)
        broken = [one for one in COUNTERS if verdict.counts[one] and one in bug.breaks]
        if broken:
            catch.counter, catch.story = broken[0], story
            _verdict, catch.control = play(bug, seed, recipe, is_planted=False)
            break
    return catch


def play(bug: Bug, seed: int, recipe: Recipe, *, is_planted: bool) -> tuple[Verdict, list[str]]:
    """What the checker says, and the story of the first case."""
    with ExitStack() as stack:
        if bug.without is not None:
            stack.enter_context(bug.without())
        if is_planted:
            stack.enter_context(bug.plant())
        if isinstance(recipe, SplitRecipe):
            stack.enter_context(replaced(world, "_World", SplitWorld))
        stack.enter_context(replaced(world, "LONGEST", PATIENCE))
        history = world.play(seed, recipe).history
    verdict = check(history)
    return verdict, tell_first(verdict, history)
