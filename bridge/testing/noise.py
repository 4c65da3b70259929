"""What happens to calls on their way: sent twice, late, overtaken, lost, oddly written, broken.

Of a kind that the platform is known or has to be expected to make; a guest's story stays the same.
"""

import random
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Final

from bridge.model import IntegrationChanged, OrderChanged, OrderPlaced, PriceCheck
from bridge.testing.dressing import Dressed, dress, plain
from bridge.testing.steps import ASSUMED, CHANGE, Reply, Step
from bridge.testing.story import Told
from bridge.testing.wrecks import spoil

BROKEN: Final = "broken bodies"

Sent = Generator["Call", Reply, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A step as it is sent. `copies` go out at once; without `waits` the next one does not wait.

    `is_bare`: to the address that takes every hook. `is_nameless`: without credentials.
    `hangs_up`: seconds after which the platform closes the connection, and does not hear the
    answer; 0: never.
    """

    step: Step
    dressed: Dressed
    copies: int = 1
    waits: bool = True
    is_bare: bool = False
    is_nameless: bool = False
    hangs_up: float = 0.0

    @property
    def is_broken(self) -> bool:
        return bool(self.dressed.refusal)

    @property
    def label(self) -> str:
        """What it is counted as: wrecks apart, because they must be refused."""
        return BROKEN if self.is_broken else self.step.label


@dataclass(slots=True)
class _Held:
    call: Call
    steps: int


@dataclass(slots=True)
class Noise:
    """`share` of the chances to go wrong are taken, `repeats` of the injections come twice.

    `is_open`: partners are told without credentials, too, as Bbot may do it.
    """

    chance: random.Random
    share: float = 0.0
    repeats: float = 0.0
    is_open: bool = True
    lost: int = 0
    _held: list[_Held] = field(default_factory=list)

    def disturb(self, story: Told) -> Sent:
        """The story as it arrives. What is held back comes in the end, unless it is lost."""
        step = next(story, None)
        if isinstance(step, Step) and isinstance(step.event, PriceCheck) and self._happens(0.1):
            yield self._call(_integration_changed(step.event.restaurant))
        while step is not None:
            reply = yield from self._deliver(step)
            yield from self._release()
            try:
                step = story.send(reply)
            except StopIteration:
                break
        yield from self._release(at_last=True)

    def _happens(self, weight: float = 1.0) -> bool:
        return self.chance.random() < self.share * weight

    def _deliver(self, step: Step) -> Generator[Call, Reply, Reply]:
        if self._happens(0.25):
            yield self._wreck(step)
        is_astray = isinstance(step.event, OrderChanged) and self._happens(0.2)
        step = _as_injection(step) if is_astray else step
        call = self._call(step)
        if is_astray and step.hook != CHANGE:
            call = replace(call, is_bare=self.chance.random() < 0.5)  # noqa: PLR2004  a half
        if step.is_news:
            return (yield from self._tell(call))
        if isinstance(step.event, OrderPlaced):
            yield from self._come_before(step)
            is_twice = self.chance.random() < self.repeats or self._happens()
        else:
            is_twice = self._happens(0.2)
        return (yield replace(call, copies=self.chance.choice((2, 2, 3)) if is_twice else 1))

    def _wreck(self, step: Step) -> Call:
        """It cannot be read, or nobody knows who sends it."""
        if step.is_of_order and self._happens():
            nameless = replace(plain(step.document), refusal=401)
            return Call(step=step, dressed=nameless, is_nameless=True)
        return Call(step=step, dressed=spoil(step, self.chance))

    def _tell(self, call: Call) -> Generator[Call, Reply, Reply]:
        """Nothing in the story hangs on its answer, so it may come whenever it likes."""
        if call.step.may_be_lost and self._happens(0.3):
            self.lost += 1
            return ASSUMED
        if self._happens():
            self._hold(call)
            return ASSUMED
        reply = yield call
        if self._happens():
            self._hold(call)
        return reply

    def _come_before(self, step: Step) -> Generator[Call, Reply, None]:
        """What may come before an order: a try too short, the news that it is paid."""
        if self._happens(0.3):
            yield replace(self._call(step), hangs_up=self.chance.uniform(0.001, 0.03))
        if step.will_be_paid and isinstance(step.event, OrderPlaced) and self._happens(0.3):
            paid = replace(step, event=OrderChanged(order=step.event.order))
            yield replace(self._call(paid), waits=False)

    def _call(self, step: Step) -> Call:
        dressed = dress(step.document, self.chance) if self._happens() else plain(step.document)
        return Call(
            step=step,
            dressed=dressed,
            # There an order-change would be taken for an injection, which is asked, not told.
            is_bare=step.hook != CHANGE and self._happens(0.3),
            is_nameless=self.is_open and not step.is_of_order and self._happens(),
        )

    def _hold(self, call: Call) -> None:
        self._held.append(_Held(call, self.chance.choice((1, 1, 2, 3))))

    def _release(self, *, at_last: bool = False) -> Generator[Call, Reply, None]:
        for held in list(self._held):
            held.steps -= 1
            if held.steps < 0 or at_last:
                self._held.remove(held)
                yield held.call


def _as_injection(step: Step) -> Step:
    """At the address of the other hook it cannot be told from an injection, so it is one."""
    event = step.event
    if not isinstance(event, OrderChanged) or not event.order.lines:
        return step
    return replace(step, event=OrderPlaced(order=event.order))


def _integration_changed(restaurant: str) -> Step:
    """Of which nobody knows what is in it."""
    return Step(
        event=IntegrationChanged(restaurant=restaurant),
        document={
            "event_type": "restaurant_integration_changed",
            "restaurant_id": restaurant,
            "settings": {"enabled": True},
        },
    )
