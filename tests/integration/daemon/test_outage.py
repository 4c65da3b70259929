"""A split ingress with a real RabbitMQ: which silence counts, and for how long orders may wait.

Hours pass by a clock that is put ahead; the broker's trouble is real.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bridge.daemon import Role, doors
from bridge.daemon import daemon as daemon_module
from bridge.ingress import ear
from bridge.model import Pulses
from tests.daemons import a_restaurant, until
from tests.engine import RESTAURANT, Clock
from tests.integration.daemon.halves import bridge

pytestmark = pytest.mark.broker

HALF_AN_HOUR = 1800.0
LIMIT = ("set_vm_memory_high_watermark", "absolute")


@pytest.fixture
def pass_time(monkeypatch):
    ahead = Clock(at=0.0)
    heard_by = partial(Pulses, clock=lambda: time.monotonic() + ahead())
    monkeypatch.setattr(daemon_module, "Pulses", heard_by)
    monkeypatch.setattr(doors, "_now", lambda: datetime.now(UTC) + timedelta(seconds=ahead()))
    monkeypatch.setattr(ear, "LOOK_EVERY", 0.1)
    return ahead.pass_time


@pytest.fixture
def start(stack, tmp_path, own_broker, pass_time):
    """Starts one half, in a directory of its own; `terms` are those of the restaurant."""

    async def start(name, prefix, role, **terms):
        directory = tmp_path / f"{name}-{role}"
        directory.mkdir()
        return await stack.enter_async_context(
            bridge(
                directory,
                own_broker,
                prefix=prefix,
                role=role,
                restaurants=(a_restaurant(**terms),),
            )
        )

    return start


@pytest.fixture
async def halves(start, own_broker):
    """Ingress and worker that hear each other."""
    prefix = own_broker.fresh_prefix()
    worker = await start("the", prefix, Role.WORKER)
    ingress = await start("the", prefix, Role.INGRESS)
    await ingress.until("/readyz", lambda said: said["restaurants"][RESTAURANT]["state"] == "up")
    return ingress, worker


@pytest.fixture
async def alarm(own_broker):
    """The broker takes no publishes, until the returned function is called, or the test ends."""

    async def end():
        await asyncio.to_thread(own_broker.ctl, *LIMIT, "800MB")

    await asyncio.to_thread(own_broker.ctl, *LIMIT, "800MB")
    yield partial(asyncio.to_thread, own_broker.ctl, *LIMIT, "1"), end
    await end()


def pulses_of(ingress):
    return ingress.daemon._ingress._basics.pulses


async def until_hears(ingress, *, is_so):
    await until(lambda: pulses_of(ingress).hears is is_so)


async def until_something_waits(ingress, *, is_so):
    backlog = ingress.daemon._ingress.backlog
    await until(lambda: (backlog.waiting_since(RESTAURANT) is not None) is is_so)


async def test_an_outage_refuses_only_what_the_policy_says(start, own_broker, pass_time):
    terms = {"patient": {"max_wait": 3600.0}, "usual": {}, "accepting": {"when_down": "accept"}}
    prefixes = {name: own_broker.fresh_prefix() for name in terms}
    ingresses = {
        name: await start(name, prefixes[name], Role.INGRESS, **own) for name, own in terms.items()
    }
    for ingress in ingresses.values():
        await until_hears(ingress, is_so=True)
    await asyncio.to_thread(own_broker.stop)
    for ingress in ingresses.values():
        await until_hears(ingress, is_so=False)
        assert await ingress.post("at-once") == 200
        await until_something_waits(ingress, is_so=True)
    pass_time(HALF_AN_HOUR)

    statuses = {name: await one.post("half-an-hour-later") for name, one in ingresses.items()}
    assert statuses == {"patient": 200, "usual": 503, "accepting": 200}

    await asyncio.to_thread(own_broker.start)
    patient = ingresses["patient"]
    await until_hears(patient, is_so=True)
    assert await patient.post("when-it-is-back") == 200
    await start("patient", prefixes["patient"], Role.WORKER)
    for order in ("at-once", "half-an-hour-later", "when-it-is-back"):
        await patient.until_state(order, "done")


async def test_a_broker_that_takes_no_publishes_silences_no_worker(halves, alarm, pass_time):
    """Nobody orders meanwhile, so that nothing but the silence could tell of it."""
    (ingress, _worker), (begin, end) = halves, alarm
    await begin()
    pass_time(ear.QUIET_AFTER + 1)
    await until_hears(ingress, is_so=False)
    pass_time(HALF_AN_HOUR)

    assert await ingress.post("order-1") == 200

    await end()
    await until_hears(ingress, is_so=True)
    await ingress.until_state("order-1", "done")
    await until_something_waits(ingress, is_so=False)
    assert await ingress.post("order-2") == 200


async def test_a_worker_that_is_gone_is_noticed_while_the_broker_is_there(halves, pass_time):
    ingress, worker = halves
    worker.daemon.stop()
    await worker.task
    pass_time(HALF_AN_HOUR)

    assert await ingress.post("order-1") == 503
