"""One evening of one box, from a seed: guests, kitchens, faults, and what is left in the end."""

import asyncio
import gc
import random
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog
from aiohttp import web_app

from bridge.config import Config, Endpoint, Ingress, Restaurant, Secret
from bridge.config import Ledger as LedgerSettings
from bridge.ledger import Transaction, history
from bridge.testing.guests import EVENING, arrive, only_orders
from bridge.worker import vendor
from tests.proof.history import History
from tests.proof.points.firing import Shot
from tests.proof.sim.guests import ENDPOINT, PASSWORD, USER, Bbot, now, numbers
from tests.proof.sim.kitchen import SimKitchen
from tests.proof.sim.loop import LIFE, START, SimLoop, chance, clock
from tests.proof.sim.notes import Notes
from tests.proof.sim.process import SimProcess
from tests.proof.sim.recipe import Recipe

SITE: Final = "a"
# Adapter and release of each restaurant.
RESTAURANTS: Final = {
    "north": ("fake", "on_accept"),
    "south": ("fake-readback", "on_accept"),
    "east": ("fake-blind", "on_accept"),
    "west": ("fake", "on_commit"),
}
# What the log says loudly enough for a person to hear.
ALERTS: Final = frozenset(
    {
        "delivery_held",
        "event_not_booked",
        "event_set_aside",
        "event_stuck",
        "held_without_answer",
        "restaurant_paused",
    }
)
SETTLED: Final = frozenset({"done", "refused", "held", "voided", "archived", "blocked"})
# Beyond the promise of 30 minutes nothing moves any more.
LONGEST: Final = 2_700.0
# After this time an answer whose fate nobody told, or a sign that never came, makes itself felt.
FORGOTTEN: Final = 150.0
QUIET: Final = 10.0
# Share of the noise: callers that read nothing of their answer.
DEAF: Final = 0.05
HOPELESS: Final = 300.0


@dataclass(slots=True)
class Outcome:
    """`ends`: how processes ended by themselves; `hits`: how often points were reached, by side;
    `fired`: the ids of shots.
    """

    history: History
    hits: dict[tuple[str, str], int]
    fired: list[str]
    starts: int
    ends: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def play(seed: int, recipe: Recipe, shot: Shot | None = None) -> Outcome:
    """The same for the same seed. `shot` is armed once the process is ready."""
    clock.at = START
    chance.seed(seed)
    random.seed(seed)
    vendor._stubborn.clear()
    # What it clears away, and when, would make one evening unlike the other.
    gc.disable()
    with _silence(), tempfile.TemporaryDirectory(dir=_memory()) as directory:
        loop = SimLoop()
        asyncio.set_event_loop(loop)
        world = _World(seed, recipe, loop, Path(directory))
        try:
            return loop.run_until_complete(world.play(shot))
        finally:
            world.process.end()
            for task in asyncio.all_tasks(loop):
                task._log_destroy_pending = False
            loop.close()
            asyncio.set_event_loop(None)
            del world, loop
            # It keeps the handlers of the last thousand listeners.
            web_app._cached_build_middleware.cache_clear()
            gc.collect()


@contextmanager
def _silence() -> Iterator[None]:
    """What died in the middle of something complains when it is cleared away."""
    complain, sys.unraisablehook = sys.unraisablehook, lambda _what: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.unraisablehook = complain


class _World:
    def __init__(self, seed: int, recipe: Recipe, loop: SimLoop, directory: Path) -> None:
        self._recipe = recipe
        self._loop = loop
        self._seed = seed
        self._notes = Notes()
        self._context: Context = copy_context()
        self._chance = random.Random(f"{seed}/world")  # noqa: S311  no secret
        names = self._chance.sample(sorted(RESTAURANTS), recipe.restaurants)
        self._restaurants = tuple(recipe.only or names)
        self.kitchens = {name: self._kitchen(name) for name in self._restaurants}
        self.process = SimProcess(
            SITE,
            _config(directory, self._restaurants),
            loop,
            kitchens=self.kitchens,
            notes=self._notes,
            chance=random.Random(f"{seed}/process"),  # noqa: S311  no secret
            world=self._context,
        )
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(30),
            processors=[self._hear],
            cache_logger_on_first_use=False,
        )

    async def play(self, shot: Shot | None) -> Outcome:
        self.process.start()
        await self._until_ready()
        # What is armed counts from here, so what is reached does, too.
        self.process.firing.hits.clear()
        faults = self._loop.create_task(self._disturb(shot), context=self._context.copy())
        await self._serve()
        await faults
        for armed in self.process.firing.armed:
            self.process.firing.disarm(armed["id"])
        for kitchen in self.kitchens.values():
            kitchen.trouble = 0.0
        await self._rest()
        return Outcome(
            history=self._notes.history(),
            hits=dict(self.process.firing.hits),
            fired=[each["shot"] for each in self._notes.history().of("faults", "shot")],
            starts=self.process.starts,
            ends=self.process.ends,
            complaints=self._loop.complaints,
        )

    def _kitchen(self, name: str) -> SimKitchen:
        return SimKitchen(
            SITE,
            name,
            is_idempotent=RESTAURANTS[name][0] == "fake",
            notes=self._notes,
            chance=random.Random(f"{self._seed}/{name}"),  # noqa: S311  no secret
            loop=self._loop,
            world=self._context,
            trouble=self._recipe.trouble,
        )

    async def _serve(self) -> None:
        recipe = self._recipe
        bbot = Bbot(
            site=SITE,
            door=lambda: self.process.door,
            notes=self._notes,
            chance=random.Random(f"{self._seed}/bbot"),  # noqa: S311  no secret
            loop=self._loop,
            world=self._context,
            on_commit=frozenset(name for name, how in RESTAURANTS.items() if "on_commit" in how),
            share=recipe.noise,
            deaf=recipe.noise * DEAF,
            has_partner=recipe.has_partner,
            numbers=numbers(),
        )
        mix = EVENING if recipe.has_partner else only_orders(edits=0.4)
        guests = arrive(self._seed, self._restaurants, mix, now)
        served = []
        for _, (guest, luck) in zip(range(recipe.guests), guests, strict=False):
            served.append(self._loop.create_task(bbot.serve(guest, luck)))
            await asyncio.sleep(self._chance.expovariate(1 / recipe.pace))
        await asyncio.gather(*served)

    async def _disturb(self, shot: Shot | None) -> None:
        process = self.process
        if shot is not None:
            process.firing.arm(shot)
        for after, do in self._recipe.faults:
            await asyncio.sleep(after)
            match do:
                case Shot():
                    process.firing.arm(do)
                case "kill":
                    process.kill()
                case "stop":
                    process.stop()
                case ("off", int(which), float(seconds)):
                    self.kitchens[self._name(which)].switch_off(seconds)
                case ("closed", int(which), float(seconds)):
                    self.kitchens[self._name(which)].close(seconds)

    def _name(self, which: int) -> str:
        return self._restaurants[which % len(self._restaurants)]

    async def _until_ready(self) -> None:
        began = clock.at
        while not self.process.is_ready or self.process.ledger is None:
            await asyncio.sleep(0.2)
            if clock.at - began > HOPELESS:
                raise RuntimeError(
                    f"it does not start: {self.process.ends[-1:]} {self._loop.complaints}"
                )

    async def _rest(self) -> None:
        """Until nothing is open any more, and a little longer: does something come twice?"""
        orders, dues = self._orders(), self._dues()
        began, step = clock.at, 4.0
        while clock.at - began < LONGEST:
            await asyncio.sleep(step)
            step = min(60.0, step * 1.3)
            waited = clock.at - began
            found, is_empty = await self._read(orders)
            states = [_is_settled(seen, dues.get(key[1]), waited) for key, seen in found]
            if is_empty and all(states):
                break
        await asyncio.sleep(QUIET)
        found, _is_empty = await self._read(orders)
        for (restaurant, order), document in found:
            self._note_standing(restaurant, order, document)

    def _orders(self) -> list[tuple[str, str]]:
        sent = self._notes.history().of("bbot", "sent")
        return sorted({(each["restaurant"], each["order"]) for each in sent if each["order"]})

    def _dues(self) -> dict[str, Any]:
        return {each["order"]: each for each in self._notes.history().of("bbot", "due")}

    async def _read(self, orders: list[tuple[str, str]]) -> tuple[list[Any], bool]:
        """As a person would see them, from a process that is there; and is the outbox empty?"""

        def job(tx: Transaction) -> tuple[list[Any], bool]:
            left = tx.execute("SELECT 1 FROM request WHERE stage = 'open' LIMIT 1").fetchone()
            return [(key, history.find_order(tx, *key)) for key in orders], left is None

        while True:
            await self._until_ready()
            reading = self.process.run(self.process.ledger.read(job))
            done, _ = await asyncio.wait({reading}, timeout=5.0)
            if done and not reading.cancelled() and reading.exception() is None:
                return reading.result()

    def _note_standing(self, restaurant: str, order: str, document: dict[str, Any] | None) -> None:
        if document is None:
            return
        self._notes.append(
            "standing",
            site=SITE,
            restaurant=restaurant,
            order=order,
            at="worker" if document.get("deliveries") else "ingress",
            state=document["state"],
            cause=history._cause(document),
        )

    def _hear(self, _logger: Any, _method: str, event: dict[str, Any]) -> Any:
        """The log, as far as a person is to hear of it."""
        life, name = LIFE.get(), event["event"]
        is_held = name == "delivery_moved" and event.get("state") == "held"
        if life is not None and not life.is_over and (name in ALERTS or is_held):
            self._notes.append(
                "alert",
                site=SITE,
                restaurant=event.get("restaurant", ""),
                order=event.get("order_id", ""),
                event=name,
            )
        raise structlog.DropEvent


def _is_settled(document: dict[str, Any] | None, due: dict[str, Any] | None, waited: float) -> bool:
    """What nobody wants may wait for ever, but not before its time has run out."""
    if document is None or document["state"] in SETTLED:
        return True
    is_wanted = bool(due and due["wanted"] and not due["unclear"])
    return document["state"] == "waiting" and not is_wanted and waited > FORGOTTEN


# How full this machine's memory is must not decide anything.
_NO_RESERVE: Final = {
    name: 0
    for name in ("ballast", "warn_below", "refuse_below")
    if name in LedgerSettings.model_fields
}


def _config(directory: Path, restaurants: tuple[str, ...]) -> Config:
    return Config(
        ingress=Ingress(listen="127.0.0.1:0"),
        ledger=LedgerSettings(directory=directory / "ledger", **_NO_RESERVE),
        endpoints=(
            Endpoint(
                id=ENDPOINT, username=USER, password=Secret.of(PASSWORD), restaurants=restaurants
            ),
        ),
        restaurants=tuple(
            Restaurant.model_validate(
                {
                    "id": name,
                    "name": name.title(),
                    "timezone": "UTC",
                    "adapter": RESTAURANTS[name][0],
                    "release": RESTAURANTS[name][1],
                    "settings": {"url": "http://127.0.0.1:9"},
                }
            )
            for name in restaurants
        ),
    )


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  for files of a moment
