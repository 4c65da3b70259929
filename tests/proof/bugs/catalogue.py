"""Fourteen bugs: what each one is, which promise it breaks, and the evenings that show it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.proof.bugs import plants, recipes
from tests.proof.bugs.recipes import each
from tests.proof.checker import BLOCKED, DOUBLED, LOST
from tests.proof.sim.recipe import Recipe

_MOMENTS: Final = (0.5, 1.0, 2.0, 3.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """`breaks`: what the checker must say of it. `evenings`: those that may show it.

    `without`: a second line of defence that stays down, in the control as well, because it mends
    what the bug breaks.
    """

    name: str
    breaks: tuple[str, ...]
    plant: Callable[[], Any]
    evenings: tuple[Recipe, ...]
    without: Callable[[], Any] | None = None


BUGS: Final = (
    Bug(
        name="ack before effect",
        breaks=(LOST,),
        plant=plants.ack_before_effect,
        evenings=each(_MOMENTS, recipes.failing),
    ),
    Bug(
        name="answer before fsync",
        breaks=(LOST,),
        plant=plants.answer_before_fsync,
        evenings=each(range(6, 14), recipes.killed_while_away),
    ),
    Bug(
        name="sending after send",
        breaks=(DOUBLED,),
        plant=plants.sending_after_send,
        evenings=each(range(1, 6), recipes.killed_while_sending),
    ),
    Bug(
        name="timeout treated as failure",
        breaks=(DOUBLED,),
        plant=plants.timeout_is_failure,
        evenings=each(range(6), recipes.unsure),
    ),
    Bug(
        name="returns swallowed by default",
        breaks=(LOST,),
        plant=plants.returns_swallowed,
        without=plants.no_second_look,
        evenings=each(_MOMENTS, recipes.unbound),
    ),
    Bug(
        name="shared message_id",
        breaks=(LOST,),
        plant=plants.shared_message_id,
        without=plants.no_second_look,
        evenings=each((0.3, 0.5, 0.7, 0.9), recipes.unbound_in_a_rush),
    ),
    Bug(
        name="cancel before effect",
        breaks=(DOUBLED,),
        plant=plants.cancel_before_effect,
        evenings=each(range(4, 12), recipes.stopped),
    ),
    Bug(
        name="retry on unknown for blind",
        breaks=(DOUBLED,),
        plant=plants.retry_for_blind,
        evenings=each(range(6), recipes.unsure),
    ),
    Bug(
        name="row deleted at confirm",
        breaks=(LOST,),
        plant=plants.row_deleted_at_confirm,
        evenings=each(_MOMENTS, recipes.wiped),
    ),
    Bug(
        name="dedupe by body hash only",
        breaks=(DOUBLED,),
        plant=plants.dedupe_by_body,
        evenings=each(range(6), recipes.plain),
    ),
    Bug(
        name="lease without self-fence",
        breaks=(DOUBLED,),
        plant=plants.no_self_fence,
        evenings=each((step / 5 for step in range(4, 12)), recipes.taken_over),
    ),
    Bug(
        name="CancelledError not translated",
        breaks=(LOST, BLOCKED),
        plant=plants.cancellation_passes,
        evenings=each(_MOMENTS, recipes.dark),
    ),
    Bug(
        name="requeue without limit",
        breaks=(LOST, BLOCKED),
        plant=plants.requeue_without_limit,
        evenings=each(_MOMENTS, recipes.spoilt),
    ),
    Bug(
        name="prefetch kept after crash",
        breaks=(LOST,),
        plant=plants.prefetch_after_crash,
        without=plants.no_second_look,
        evenings=each((0.5, 1.0, 2.0), recipes.crashing),
    ),
)
