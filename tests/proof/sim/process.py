"""One bridge process of the simulation: the real `Daemon`, which may die at any moment.

Only its two threads are driven by hand, its sockets are in memory, and its console is left out.
"""

import asyncio
import os
import random
from contextlib import AsyncExitStack
from contextvars import Context
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from bridge import registry
from bridge.config import Config
from bridge.daemon import Daemon, doors, listeners, worker_service
from bridge.daemon.thread import WorkerThread
from bridge.ledger import Ledger
from bridge.ledger import ledger as ledger_module
from bridge.worker import worker
from tests.proof.history import Record
from tests.proof.points.firing import Firing, Shot
from tests.proof.sim.disk import Died, Image, SimThread, SimWriter, read_level
from tests.proof.sim.kitchen import ADAPTERS, SimKitchen
from tests.proof.sim.loop import LIFE, Life, SimLoop, clock
from tests.proof.sim.notes import Notes
from tests.proof.sim.wire import Caller, Door, SimTransport

# Until the service manager starts it again, and until its modules are loaded.
RESTART: Final = (0.4, 1.0)
# A process that ends by itself does so within this time after what was done to it.
HASTE: Final = 10.0


class SimProcess:
    """`start` once; from then on it is restarted whenever it ends, as a service is."""

    def __init__(
        self,
        name: str,
        config: Config,
        loop: SimLoop,
        *,
        kitchens: dict[str, SimKitchen],
        notes: Notes,
        chance: random.Random,
        world: Context,
    ) -> None:
        self.name = name
        self.loop = loop
        self.kitchens = kitchens
        self.chance = chance
        self.threads: list[SimThread] = []
        self.connections: set[SimTransport] = set()
        self.callers: list[Caller] = []
        self.door: Door | None = None
        self.firing = Firing(_Hand(self), self._note_shot)
        self.daemon: Daemon | None = None
        self.ledger: Ledger | None = None
        self.image: Image | None = None
        self.ends: list[str] = []
        self.starts = 0
        self._config = config
        self._notes = notes
        self._world = world
        self._life: Life | None = None
        self._context: Context | None = None
        self._may_start = True
        self._felt: list[Record] = []
        self._grave: set[asyncio.Task[Any]] = set()

    @property
    def is_ready(self) -> bool:
        return self.door is not None and self.door.is_open and not self.door.life.is_over

    def start(self) -> None:
        if not self._may_start:
            return
        self.starts += 1
        life = self._life = Life(self)
        context = self._context = self._world.copy()
        context.run(LIFE.set, life)
        self.threads = []
        self.loop.create_task(self._live(life), context=context)

    def context_of(self, life: Life) -> Context:
        context = self._context if life is self._life else None
        if context is None:
            context = self._world.copy()
            context.run(LIFE.set, life)
        return context

    def open_door(self, factory: Any) -> Door:
        """It is there again: what has ended it is over."""
        for fault in self._felt:
            fault["until"] = max(fault["until"], clock.at)
        self.door = Door(factory, LIFE.get())
        return self.door

    def crash(self) -> None:
        """As SIGKILL does it: in the middle of whatever it does. It is restarted."""
        life = self._life
        if life is None or life.is_over:
            return
        self._end(life)
        if self.image is not None:
            self.image.put_back()
        self._restart()

    def kill(self) -> None:
        """From outside, at this moment."""
        if self._life is not None and not self._life.is_over:
            self._felt.append(self._notes.fault("kill9", self.name))
        self.crash()

    def stop(self) -> None:
        """As SIGTERM does it."""
        if self.daemon is not None:
            self._felt.append(self._notes.fault("stop", self.name))
            self.daemon.stop()

    def end(self) -> None:
        """For good, at the end of the simulation."""
        self._may_start = False
        self.crash()

    def run(self, coroutine: Any) -> asyncio.Task[Any]:
        """As a part of the process."""
        return self.loop.create_task(coroutine, context=self._context)

    async def _live(self, life: Life) -> None:
        self.daemon = Daemon(self._config)
        try:
            await self.daemon.run()
        except Exception as error:  # noqa: BLE001  whatever ends it: it is started again
            if life.is_over:  # cleared away after a crash
                return
            self.ends.append(f"{clock.at:.3f} {type(error).__name__}: {error}")
        self._end(life)
        self._restart()

    def _end(self, life: Life) -> None:
        life.is_over = True
        # What was done long before is not what ends it.
        self._felt = [fault for fault in self._felt if fault["until"] > clock.at - HASTE]
        self.daemon = self.ledger = None
        # They are never heard of again, but must not be cleared away in the middle of it all.
        self._grave |= asyncio.all_tasks(self.loop)
        self.loop.forget(life)
        for connection in list(self.connections):
            connection.close()
        for caller in self.callers:
            caller.later(caller.ended.set)
        for thread in self.threads:
            thread.die()

    def _restart(self) -> None:
        if self._may_start:
            seconds = self.chance.uniform(*RESTART)
            self.loop.call_later(seconds, self.start, context=self._world.copy())

    def _note_shot(self, shot: Shot) -> None:
        seconds = shot.seconds if shot.do == "hang" else 0.0
        fault = self._notes.fault(
            "shot",
            self.name,
            seconds,
            shot=shot.id,
            point=shot.point,
            side=shot.side,
            do=shot.do,
            nth=shot.nth,
        )
        self._felt.append(fault)


class _Hand:
    """How shots are done here."""

    def __init__(self, process: SimProcess) -> None:
        self._process = process

    async def crash(self) -> None:
        self._process.crash()
        await self._process.loop.create_future()

    def crash_now(self) -> None:
        self._process.crash()
        raise Died

    async def hang(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def hang_now(self, seconds: float) -> None:
        for thread in self._process.threads:
            if thread.is_current:
                thread.pause(seconds)
                return
        # The loop itself stands still, and with it the whole process.
        clock.at += seconds


class SimWorkerThread(WorkerThread):
    """The worker on the one loop that there is."""

    def __init__(self, serve: Any) -> None:
        super().__init__(serve)
        self._thread = SimpleNamespace(start=self._begin)

    def _begin(self) -> None:
        self._task_of_thread = asyncio.get_running_loop().create_task(self._run_here())

    async def _run_here(self) -> None:
        self._loop, error = asyncio.get_running_loop(), None
        try:
            await self._main_task()
        except asyncio.CancelledError:
            error = None
        except BaseException as caught:  # noqa: BLE001  handed to the owner, as the real one does
            error = caught
        self._settle(error)


class _Files:
    """`os` as the ledger needs it, with a claim that is no file."""

    CLAIM: Final = -1

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: Any, *how: Any) -> int:
        is_lock = Path(path).name == ledger_module.LOCK_NAME
        return self.CLAIM if is_lock else os.open(path, *how)

    def close(self, descriptor: int) -> None:
        if descriptor != self.CLAIM:
            os.close(descriptor)


def replace_edges() -> None:
    """Threads, sockets, clocks and POS systems of the bridge are ours from now on."""

    async def open_no_console(*_args: Any, **_more: Any) -> str:
        return ""

    async def listen(stack: AsyncExitStack, _section: str, _address: Any, guard: Any) -> str:
        door = LIFE.get().owner.open_door(guard)
        stack.callback(door.close)
        return ""

    def now() -> datetime:
        return datetime.fromtimestamp(clock.at, UTC)

    open_ledger = Ledger.open

    async def open_noted(directory: Path, **more: Any) -> Ledger:
        owner = LIFE.get().owner
        ledger = await open_ledger(directory, **more)
        owner.image = Image(directory, await ledger.read(read_level))
        owner.ledger = ledger
        return ledger

    Ledger.open = open_noted
    ledger_module.os = _Files()
    # There is one process at a time, and a dead one has let go.
    ledger_module.fcntl = SimpleNamespace(flock=lambda *_: None, LOCK_EX=0, LOCK_NB=0)
    ledger_module.Writer = SimWriter
    worker_service.WorkerThread = SimWorkerThread
    listeners._listen = listen
    doors.open_console = open_no_console
    doors._now = worker._now = now
    registry.load = ADAPTERS.__getitem__
