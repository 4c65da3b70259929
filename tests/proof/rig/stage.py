"""Builds the sites of a storm, with their kitchens, wires, disks and brokers."""

import itertools
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import Final

import aiohttp
from yarl import URL

from tests.proof.history import Journal
from tests.proof.kitchen import JournalingPos, open_kitchens
from tests.proof.part import Job
from tests.proof.plan import Targets
from tests.proof.proxy import AmqpFrames, Proxy
from tests.proof.rig import disk, wires
from tests.proof.rig.process import Process
from tests.proof.rig.rabbit import Rabbit, address_of
from tests.proof.rig.schedule import (
    BROKER,
    DISK,
    KILL,
    POS,
    PROXY,
    STOP,
    Injection,
    plan_box,
    plan_split,
    schedule,
)
from tests.proof.rig.siege import Siege, Victim
from tests.proof.rig.site import INGRESS, PLACES, WORKER, Site
from tests.rabbitmq_node import LocalNode

BOX: Final = "a"
SPLIT: Final = "b"
# Whose POS is reached without a wire that fails: nothing listens there while it is down.
_PLAIN: Final = "silva"


class Stage:
    """What is built here ends with the stack. A `share` is that of the guests and the faults."""

    def __init__(
        self,
        job: Job,
        stack: AsyncExitStack,
        *,
        session: aiohttp.ClientSession,
        journals: Mapping[str, Journal],
    ) -> None:
        self._job = job
        self._stack = stack
        self._journals = journals
        self._siege = partial(
            Siege,
            job,
            session=session,
            journals=journals,
            calls=itertools.count(1),
        )

    async def build_box(self, share: float) -> Siege:
        """One process for all."""
        kitchens = await self._open_kitchens(BOX)
        urls = {name: pos.url for name, pos in kitchens.items()}
        siege = self._siege(Site(self._job.directory / BOX, urls, name=BOX), share=share)
        siege.victims = {**_daemon("", siege.processes[""]), **_kitchens(kitchens)}
        plan = self._job.plan
        strands = plan_box(_part(plan.targets, share), list(kitchens))
        siege.injections = schedule(self._job.seed, plan.storm, strands)
        return siege

    async def build_split(self, share: float, node: LocalNode) -> Siege:
        """Ingress and worker apart, and that broker between them."""
        kitchens = await self._open_kitchens(SPLIT)
        pos_wires = {
            name: await self._stack.enter_async_context(Proxy(_address(pos.url)))
            for name, pos in kitchens.items()
            if name != _PLAIN
        }
        urls = {name: pos.url for name, pos in kitchens.items()}
        urls |= {name: f"http://127.0.0.1:{wire.port}" for name, wire in pos_wires.items()}
        broker_wires = {
            half: await self._stack.enter_async_context(Proxy(address_of(node), AmqpFrames))
            for half in (INGRESS, WORKER)
        }
        ports = {half: wire.port for half, wire in broker_wires.items()}
        site = Site(self._job.directory / SPLIT, urls, name=SPLIT, wires=ports)
        disks = self._mount_disks(site)
        rabbit = Rabbit(node, [place.id for place in PLACES], self._job.seed)
        await rabbit.prepare()

        siege = self._siege(site, share=share)
        siege.victims = {
            **_daemon(INGRESS, siege.processes[INGRESS]),
            **_daemon(WORKER, siege.processes[WORKER]),
            **{(half, DISK): _filler(small) for half, small in disks.items()},
            **_kitchens(kitchens),
            **{(f"pos.{name}", PROXY): _wire(wire) for name, wire in pos_wires.items()},
            **{(f"wire.{half}", PROXY): _wire(wire) for half, wire in broker_wires.items()},
            (BROKER, BROKER): rabbit.suffer,
        }
        plan = self._job.plan
        strands = plan_split(
            _part(plan.targets, share),
            places=list(kitchens),
            wired=list(pos_wires),
            seconds=plan.storm,
            has_small_disk=bool(disks),
        )
        siege.injections = schedule(self._job.seed, plan.storm, strands)
        return siege

    async def _open_kitchens(self, site: str) -> dict[str, JournalingPos]:
        opening = open_kitchens(site, PLACES, self._journals["pos"], self._job.seed)
        return await self._stack.enter_async_context(opening)

    def _mount_disks(self, site: Site) -> dict[str, disk.SmallDisk]:
        """One for each process, where that is allowed."""
        if not disk.can_mount(site.directory):
            return {}
        return {
            half: self._stack.enter_context(disk.mount(box.ledger))
            for half, box in site.boxes.items()
        }


def _daemon(half: str, process: Process) -> dict[tuple[str, str], Victim]:
    async def kill(_injection: Injection) -> bool:
        await process.kill()
        return True

    async def pause(injection: Injection) -> bool:
        await process.pause(injection.seconds)
        return True

    return {(half, KILL): kill, (half, STOP): pause}


def _kitchens(kitchens: Mapping[str, JournalingPos]) -> dict[tuple[str, str], Victim]:
    return {(f"pos.{name}", POS): _cook(pos) for name, pos in kitchens.items()}


def _cook(pos: JournalingPos) -> Victim:
    async def suffer(injection: Injection) -> bool:
        await pos.suffer(injection.trouble, injection.seconds)
        return True

    return suffer


def _wire(proxy: Proxy) -> Victim:
    return partial(wires.suffer, proxy)


def _filler(small: disk.SmallDisk) -> Victim:
    async def fill(injection: Injection) -> bool:
        return await small.fill(injection.seconds)

    return fill


def _address(url: str) -> tuple[str, int]:
    parts = URL(url)
    return str(parts.host), int(parts.port or 80)


def _part(targets: Targets, share: float) -> Targets:
    return replace(
        targets,
        injections=round(targets.injections * share),
        kills=round(targets.kills * share),
    )
