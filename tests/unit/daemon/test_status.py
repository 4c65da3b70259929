import asyncio

import pytest

from bridge.daemon import status as module
from bridge.daemon.status import Status, summarize


def a_health(**more):
    ledger = {"writable": True, "events_waiting": 0, "oldest_waiting_at": None}
    return {"ready": True, "ledger": ledger, "broker": {}, "restaurants": {}} | more


def a_restaurant(state="up", held=0):
    return {"state": state, "deliveries": {"held": held} if held else {}}


class FakeNotifier:
    def __init__(self, *hears):
        self.hears = list(hears)
        self.said = []

    def ready(self, text):
        self.said.append(f"READY {text}")
        return self.hears.pop(0) if self.hears else True

    def status(self, text):
        self.said.append(text)
        return True


async def healthy():
    return a_health()


async def test_it_says_ready_once_and_then_how_it_is():
    notifier = FakeNotifier()
    status = Status(notifier, healthy)
    await status.tell()
    await status.tell()

    assert notifier.said == ["READY ready", "no event waits", "no event waits"]


async def test_it_says_ready_until_it_is_heard():
    notifier = FakeNotifier(False, False, True)
    status = Status(notifier, healthy)
    for _ in range(4):
        await status.tell()

    assert [said for said in notifier.said if said.startswith("READY")] == ["READY ready"] * 3


async def test_it_goes_on_until_it_is_cancelled(monkeypatch):
    monkeypatch.setattr(module, "REFRESH_EVERY", 0.0)
    notifier = FakeNotifier()
    task = asyncio.create_task(Status(notifier, healthy).run())
    while len(notifier.said) < 4:  # noqa: ASYNC110  the manager has no event
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()


@pytest.mark.parametrize(
    ("health", "said"),
    [
        (a_health(), "no event waits"),
        (
            a_health(ledger={"writable": True, "events_waiting": 3, "oldest_waiting_at": "18:30"}),
            "3 events wait for a worker, the oldest since 18:30",
        ),
        (
            a_health(ledger={"writable": False, "reason": "disk full"}),
            "NO ORDER CAN BE TAKEN: the ledger cannot be written (disk full)",
        ),
        (
            a_health(
                broker={
                    "worker-publish": {"state": "blocked"},
                    "worker-consume": {"state": "up"},
                }
            ),
            "no event waits; broker: worker-publish blocked",
        ),
        (
            a_health(broker={"locks": {"lopez": "held", "sato": "refused: RESOURCE_LOCKED"}}),
            "no event waits; served elsewhere or not locked: sato",
        ),
        (
            a_health(broker={"not_through": {"lopez": "returned"}, "degraded": {"q": "406"}}),
            "no event waits; events do not get through: lopez; not declared at the broker: q",
        ),
        (
            a_health(
                restaurants={
                    "a": a_restaurant("down"),
                    "b": a_restaurant("unknown"),
                    "c": a_restaurant("up", held=2),
                    "d": a_restaurant("closed", held=1),
                }
            ),
            "no event waits; POS down: a; POS unknown: b; 3 held for a person to decide",
        ),
        (
            a_health(restaurants={name: a_restaurant("down") for name in "abcde"}),
            "no event waits; POS down: a, b, c and 2 more",
        ),
    ],
)
def test_what_matters_first_is_said_in_one_line(health, said):
    assert summarize(health) == said
