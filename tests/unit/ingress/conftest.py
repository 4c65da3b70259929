import threading
from dataclasses import dataclass, field

import pytest

from bridge.ingress.auth import EndpointAccess
from bridge.ingress.call import Call, Deadlines
from bridge.ingress.gate import Judgement, Move
from bridge.ingress.reception import build
from bridge.ledger import LedgerError
from bridge.model import Deadline
from bridge.sources.bbot import Hook
from bridge.telemetry import Metrics
from tests.doorway import BBOT_ID, RESTAURANT, FakeQuotes, an_injection

YES = Judgement(move=Move.ACCEPT, evidence={"state": "up"})
DOWN = Judgement(
    move=Move.REFUSE, status=503, code="pos_down", reason="no answer", evidence={"state": "down"}
)
CLOSED = Judgement(
    move=Move.REFUSE, status=409, code="closed", reason="until 17:00", evidence={"state": "closed"}
)


@dataclass
class FakeGate:
    """Says what it is told to say."""

    judgement: Judgement = YES
    error: Exception | None = None
    asked: list = field(default_factory=list)

    async def decide(self, restaurant, dishes, deadline):
        self.asked.append((restaurant, tuple(dish.menu_item_id for dish in dishes), deadline))
        if self.error is not None:
            raise self.error
        return self.judgement


class FailingLedger:
    """A disk that is full."""

    alive = True
    is_short = False

    def __init__(self):
        self.posted = []

    async def write(self, _job):
        raise LedgerError("database or disk is full")

    def post(self, job):
        self.posted.append(job)


@pytest.fixture
def stall(ledger):
    """Keeps the ledger's thread busy until it is told to go on."""
    go_on = threading.Event()

    def begin():
        ledger.post(lambda _tx: go_on.wait(10))
        return go_on

    yield begin
    go_on.set()


@pytest.fixture
def gate():
    return FakeGate()


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
async def quotes():
    return FakeQuotes()


@pytest.fixture
def reception_on(gate, quotes, metrics):
    """A reception that records in the given ledger."""
    known = {BBOT_ID, "somebody-elses"}
    return lambda ledger: build(
        ledger, gate, quotes, metrics=metrics, known_restaurants=known.__contains__
    )


@pytest.fixture
def reception(reception_on, ledger):
    return reception_on(ledger)


@pytest.fixture
def rows(ledger):
    """What the ledger holds of the calls, oldest first."""

    async def read():
        return await ledger.read(
            lambda tx: [dict(row) for row in tx.execute("SELECT * FROM request ORDER BY seq")]
        )

    return read


def a_call(body=None, hook=Hook.ORDER_INJECTION, *, left=60.0, promo_left=60.0, **more):
    return Call(
        endpoint=EndpointAccess(
            id="an-endpoint",
            source="bbot",
            digests=(),
            restaurants={BBOT_ID: RESTAURANT},
            require_basic=frozenset({Hook.ORDER_INJECTION, Hook.ORDER_CHANGE}),
        ),
        hook=hook,
        body=an_injection() if body is None else body,
        content_type=more.pop("content_type", "application/json"),
        correlation_id=more.pop("correlation_id", "c-1"),
        received_at=1_800_000_000.0,
        deadlines=Deadlines(
            order=Deadline(left, clock=lambda: 0.0), promo=Deadline(promo_left, clock=lambda: 0.0)
        ),
        has_credentials=more.pop("has_credentials", True),
        **more,
    )
