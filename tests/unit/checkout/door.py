"""The bridge's door: the real reception over a ledger of its own, and nobody knows of sockets."""

from bridge.config import Restaurant
from bridge.ingress.auth import EndpointAccess
from bridge.ingress.call import Call, Deadlines
from bridge.ingress.gate import Judgement, Move
from bridge.ingress.promotions import Offers
from bridge.ingress.quotes import Quotes
from bridge.ingress.reception import build
from bridge.ledger import requests
from bridge.model import Deadline
from bridge.sources.bbot import Hook
from bridge.telemetry import Metrics
from tests.ledgers import MemoryLedger
from tests.quoting import promotion
from tests.unit.checkout.guests import RESTAURANTS, theirs

PROMOTIONS = (
    promotion("GUEST", once_per="guest"),
    promotion("CHECKOUT", once_per="checkout", percent=20),
    promotion("ALWAYS", percent=50, minimum_cents=1500),
)
ENDPOINT = EndpointAccess(
    id="an-endpoint",
    source="bbot",
    digests=(),
    restaurants={theirs(name): name for name in RESTAURANTS},
    require_basic=frozenset(),
)
OPEN = Judgement(move=Move.ACCEPT, evidence={"state": "up"})
CLOSED = Judgement(
    move=Move.REFUSE, status=409, code="closed", reason="until 17:00", evidence={"state": "closed"}
)
OFFERS = {
    name: Offers.of(
        Restaurant(
            id=name, name=name, timezone="Europe/Vienna", adapter="board", promotions=PROMOTIONS
        )
    )
    for name in RESTAURANTS
}


class Gate:
    judgement = OPEN

    async def decide(self, _restaurant, _dishes, _deadline):
        return self.judgement


class Door:
    """`is_forgetful`: there is memory for one checkout only, almost all is in the ledger alone."""

    def __init__(self, clock, *, is_forgetful):
        self.ledger = MemoryLedger(clock)
        self._clock = clock
        self._is_forgetful = is_forgetful
        self._gate = Gate()
        self._metrics = Metrics()
        self._open()

    def _open(self):
        quotes = Quotes(self.ledger, OFFERS, now=self._clock.moment)
        if self._is_forgetful:
            quotes._visits._capacity = 1
            quotes._register._uses._capacity = 2
        self._quotes = quotes
        self._reception = build(
            self.ledger,
            self._gate,
            quotes,
            metrics=self._metrics,
            known_restaurants=ENDPOINT.restaurants.__contains__,
        )

    async def restart(self):
        self._open()
        await self._quotes.load()

    async def ask(self, said):
        """The answer to a question."""
        self._gate.judgement = CLOSED if said.is_closed else OPEN
        reply = await self._reception.answer(self._call(said))
        assert reply.answer.status == 200
        return reply.answer

    async def tell(self, said):
        """What the kitchens are to hear of it; nothing while there is no disk to keep it."""
        self._gate.judgement = OPEN
        reply = await self._reception.answer(self._call(said))
        assert reply.answer.status == self._expect(said), reply.answer
        return (
            await self.ledger.write(lambda tx: _hand_over(tx, reply.seq, said)) if reply.seq else []
        )

    def _expect(self, said):
        # An order is placed with something on it.
        if said.hook is Hook.ORDER_INJECTION and not said.event.order.lines:
            return 422
        return 503 if self.ledger.down else 200

    def _call(self, said):
        later = Deadline.after(60)
        return Call(
            endpoint=ENDPOINT,
            hook=said.hook,
            body=said.body,
            content_type="application/json",
            correlation_id="x",
            received_at=self._clock(),
            deadlines=Deadlines(order=later, promo=later),
            has_credentials=False,
        )


def _hand_over(tx, seq, said):
    requests.settle(tx, seq, said.fate)
    found = requests.next_handovers(tx, "i", RESTAURANTS, 10)
    for one in found:
        requests.recorded(tx, one.restaurant, (one.seq,), 0.0)
    return found
