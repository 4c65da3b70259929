"""What must happen in an evening so that a bug can show itself."""

from collections.abc import Callable, Iterable
from typing import Final

from tests.proof.bugs.world import SplitRecipe
from tests.proof.points.firing import Shot
from tests.proof.sim.recipe import Recipe

_COMMIT: Final = "ledger.writer.Writer._commit:connection.execute#2"
_SUBMIT: Final = "worker.attempt.Attempts._call:self._adapter.submit"
_INBOX: Final = "worker.inbox.Inbox._take_event:self._ledger.write"
_WORKER: Final = "worker0"
_BOTH: Final = ("north", "south")
# Where a second ticket is a second paper.
_STRICT: Final = ("south", "east")


def each(steps: Iterable[float], make: Callable[[float], Recipe]) -> tuple[Recipe, ...]:
    """One evening for each."""
    return tuple(make(step) for step in steps)


def plain(_step: float) -> Recipe:
    return Recipe(guests=5, only=_BOTH)


def unsure(_step: float) -> Recipe:
    """Answers of the POS are lost."""
    return Recipe(guests=6, only=_STRICT, trouble=0.5)


def killed_while_away(begun: float) -> Recipe:
    """While the POS is away all is on the bridge's disk only; then it is killed."""
    return Recipe(guests=5, only=_BOTH, faults=((0.0, ("off", 0, 30.0)), (begun, "kill")))


def killed_while_sending(nth: float) -> Recipe:
    """The ticket is out, and nobody has written that down."""
    shot = Shot(id="planted", point=_SUBMIT, side="after", nth=round(nth))
    return Recipe(guests=4, only=_STRICT, faults=((0.0, shot),))


def stopped(times: float) -> Recipe:
    """Again and again, in the middle of the evening."""
    faults = tuple((0.6, "stop") for _ in range(round(times)))
    return Recipe(guests=8, pace=0.2, only=_STRICT, faults=faults)


def failing(begun: float) -> Recipe:
    """The worker's disk takes nothing for some seconds."""
    shots = (Shot(id=f"planted{number}", point=_COMMIT, do="error") for number in range(100))
    accidents = ((begun + at / 20, "arm", (_WORKER, shot)) for at, shot in enumerate(shots))
    return SplitRecipe(guests=5, only=_BOTH, accidents=tuple(accidents))


def crashing(begun: float) -> Recipe:
    """The worker dies whenever it takes something."""
    shots = (Shot(id=f"planted{number}", point=_INBOX) for number in range(200))
    accidents = ((begun + at / 5, "arm", (_WORKER, shot)) for at, shot in enumerate(shots))
    return SplitRecipe(guests=5, only=("north",), pace=0.3, accidents=tuple(accidents))


def wiped(begun: float) -> Recipe:
    """The worker is away, and what waits for it at the broker is lost."""
    killed = ((begun + at / 4, "kill", (_WORKER,)) for at in range(16))
    lost = ((begun + at / 20, "wipe", ()) for at in range(80))
    return SplitRecipe(guests=5, only=_BOTH, accidents=(*killed, *lost))


def spoilt(begun: float) -> Recipe:
    """There is in the queue what nobody can read."""
    return SplitRecipe(guests=5, only=("north",), accidents=((begun, "spoil", ("north",)),))


def unbound(begun: float) -> Recipe:
    """The queue is there, and no message finds its way into it."""
    return SplitRecipe(guests=6, only=_BOTH, accidents=((begun, "unbind", ("north",)),))


def unbound_in_a_rush(begun: float) -> Recipe:
    """What has waited for the connection is published at once, and some of it comes back."""
    lost = ((begun + at / 250, "unbind", ("north",)) for at in range(250))
    accidents = ((begun, "reset", ("ingress",)), *lost)
    return SplitRecipe(guests=12, pace=0.02, only=_BOTH, accidents=accidents)


def dark(begun: float) -> Recipe:
    """For half a minute the worker and the broker do not hear each other."""
    accidents = ((begun, "darken", (_WORKER,)), (begun + 25.0, "lighten", (_WORKER,)))
    return SplitRecipe(guests=8, pace=5.0, only=_BOTH, accidents=accidents)


def taken_over(begun: float) -> Recipe:
    """The POS is away; meanwhile the broker gives the restaurant to another worker."""
    return SplitRecipe(
        guests=20,
        pace=0.1,
        only=("east",),
        workers=2,
        faults=((0.0, ("off", 0, 60.0)),),
        accidents=(
            (0.5, "start", ("worker1",)),
            (begun, "darken", (_WORKER,)),
            (begun + 90.0, "lighten", (_WORKER,)),
        ),
    )
