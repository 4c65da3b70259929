"""Evenings with a broker: one ingress, one worker or two, and what happens between them."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pamqp.commands import Basic

from bridge.broker import Names
from bridge.config import Broker, Config, Role, Secret
from bridge.daemon import Daemon
from bridge.worker.inbox import PREFETCH
from tests.proof.bugs.broker import Post, SimBroker
from tests.proof.bugs.wire import Network
from tests.proof.points.firing import Shot
from tests.proof.sim import world
from tests.proof.sim.loop import LIFE
from tests.proof.sim.process import SimProcess
from tests.proof.sim.recipe import Recipe

BROKER: Final = Broker(username="u", password=Secret.of("a password"), channels=1)
NAMES: Final = Names(BROKER.prefix)
PROMISE: Final = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRecipe(Recipe):
    """`workers`: how many there are for the same restaurants; one is there from the beginning.

    `accidents`: (seconds after the beginning, a method of the world, its arguments).
    """

    workers: int = 1
    accidents: tuple[tuple[float, str, tuple[Any, ...]], ...] = ()


class RoleProcess(SimProcess):
    """A process of one role; `others` end with it."""

    role = Role.INGRESS
    network: Network
    others: Sequence[SimProcess] = ()

    def end(self) -> None:
        super().end()
        for other in self.others:
            other.end()


def build_daemon(config: Config) -> Daemon:
    """In place of the one that is made for a process of the simulation."""
    return Daemon(config, role=getattr(LIFE.get().owner, "role", Role.ALL))


class SplitWorld(world._World):
    """`processes` by name: the ingress, which people look at, and its workers from worker0 on."""

    def __init__(self, seed: int, recipe: SplitRecipe, loop: Any, directory: Path) -> None:
        super().__init__(seed, recipe, loop, directory)
        self.broker = SimBroker()
        self.network = Network(self.broker, loop, self._context)
        self.process = self._build("ingress", Role.INGRESS, directory)
        names = [f"worker{number}" for number in range(recipe.workers)]
        workers = {name: self._build(name, Role.WORKER, directory) for name in names}
        self.process.others = list(workers.values())
        self.processes = {"ingress": self.process, **workers}

    def wipe(self) -> None:
        """All that lies in the restaurants' queues is gone."""
        self._note("wiped")
        self.broker.empty(lambda name: name.startswith(f"{NAMES.orders}."))

    def unbind(self, restaurant: str) -> None:
        """No message finds the way into that queue any more."""
        self._note("unbound")
        self.broker.unbind(NAMES.orders, restaurant)

    def spoil(self, restaurant: str) -> None:
        """Somebody puts into the queue what nobody can read, and more than is fetched at once."""
        self._note("spoilt")
        post = Post(exchange=NAMES.orders, key=restaurant, properties=Basic.Properties(), body=b"?")
        for _ in range(PREFETCH + 1):
            self.broker.publish(post)

    def reset(self, name: str) -> None:
        """All its connections end at once."""
        self._note("reset")
        self.network.reset(self.processes[name])

    def darken(self, name: str) -> None:
        """It and the broker do not hear each other any more."""
        self._note("dark")
        self.network.darken(self.processes[name])

    def lighten(self, name: str) -> None:
        self.network.lighten(self.processes[name])

    def start(self, name: str) -> None:
        self.processes[name].start()

    def kill(self, name: str) -> None:
        self.processes[name].kill()

    def arm(self, name: str, shot: Shot) -> None:
        self.processes[name].firing.arm(shot)

    def _note(self, detail: str) -> None:
        self._notes.fault("broker", f"{world.SITE}.broker", detail=detail)

    def _build(self, name: str, role: Role, directory: Path) -> RoleProcess:
        config = world._config(directory / name, self._restaurants)
        # What nobody can bring any more is asked to people soon: nobody wants to wait for that.
        hasty = [one.model_copy(update={"give_up_after": PROMISE}) for one in config.restaurants]
        process = RoleProcess(
            f"{world.SITE}.{name}",
            config.model_copy(update={"broker": BROKER, "restaurants": tuple(hasty)}),
            self._loop,
            kitchens=self.kitchens,
            notes=self._notes,
            chance=random.Random(f"{self._seed}/{name}"),  # noqa: S311  no secret
            world=self._context,
        )
        process.role, process.network = role, self.network
        return process

    async def play(self, shot: Shot | None) -> world.Outcome:
        self.start("worker0")
        return await super().play(shot)

    async def _disturb(self, shot: Shot | None) -> None:
        began = self._loop.time()
        disturbing = self._loop.create_task(super()._disturb(shot), context=self._context.copy())
        for at, name, args in sorted(self._recipe.accidents, key=lambda one: one[0]):
            await asyncio.sleep(began + at - self._loop.time())
            getattr(self, name)(*args)
        await disturbing

    async def _rest(self) -> None:
        for worker in self.process.others:
            for armed in worker.firing.armed:
                worker.firing.disarm(armed["id"])
        await super()._rest()
