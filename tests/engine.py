"""Events, a clock that stands still, a POS in memory, and a lane that is driven by hand."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace

from bridge.adapter import Adapter, AdapterSpec, Capability, Idempotent
from bridge.ledger import Ledger, orders
from bridge.model import (
    Acceptance,
    Availability,
    CheckoutCancelled,
    CheckoutFinished,
    Fate,
    Handover,
    ItemsRefunded,
    Line,
    Order,
    OrderChanged,
    OrderPlaced,
    Remainder,
    SlipKind,
    Ticket,
    Unit,
)
from bridge.telemetry import Metrics
from bridge.worker import intake
from bridge.worker.attempt import Attempts
from bridge.worker.booking import Terms
from bridge.worker.lane import Lane
from bridge.worker.policy import puts_refunds_on_paper
from bridge.worker.pos import Pos

START = 1_700_000_000.0
RESTAURANT = "lopez"
SLIPS = frozenset(SlipKind)


@dataclass
class Clock:
    """The wall clock, in seconds; moves when told to."""

    at: float = START

    def __call__(self):
        return self.at

    def moment(self):
        return moment(self.at)

    def pass_time(self, seconds):
        self.at += seconds


def moment(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def dish(name, quantity=1, price=0, tax=0):
    units = tuple(
        Unit(id=f"{name}-{number}", price_cents=price, tax_cents=tax) for number in range(quantity)
    )
    return Line(name=name, menu_item_id=name, units=units)


def an_order(*dishes, order_id="o1", checkout="c1", at=START, **more):
    """`at`: when the platform changed it last."""
    names = dishes or ("Ceviche",)
    return Order(
        source="bbot",
        id=order_id,
        restaurant=RESTAURANT,
        checkout_id=checkout,
        placed_at=more.pop("placed_at", moment(START)),
        modified_at=moment(at) if at is not None else None,
        lines=tuple(dish(name) for name in names if name),
        **more,
    )


def nothing(**more):
    """An order of which nothing is left."""
    return an_order("", **more)


_numbers = count(1)


def _handover(event, *, fate=Fate.WRITTEN, received=START, copy=1, seq=None):
    number = next(_numbers) if seq is None else seq
    return Handover(
        event_id=f"i:{number}",
        ingress="i",
        seq=number,
        restaurant=RESTAURANT,
        correlation_id=f"x{number}",
        received_at=moment(received),
        fate=fate,
        copy=copy,
        event=event,
    )


def placed(order, **how):
    return _handover(OrderPlaced(order=order), **how)


def changed(order, **how):
    return _handover(OrderChanged(order=order), **how)


def finished(checkout="c1", **how):
    return _handover(CheckoutFinished(restaurant=RESTAURANT, checkout_id=checkout), **how)


def cancelled(checkout="c1", **how):
    return _handover(CheckoutCancelled(restaurant=RESTAURANT, checkout_id=checkout), **how)


def refunded(left, charges=None, checkout="c1", **how):
    """`left`: of each unit by id, price and tax that are left; `charges` likewise."""
    event = ItemsRefunded(
        restaurant=RESTAURANT,
        checkout_id=checkout,
        items=_remainders(left),
        charges=_remainders(charges or {}),
    )
    return _handover(event, **how)


def unread(why, checkout="c1", **how):
    """A refund of which nothing but its checkout could be read."""
    event = ItemsRefunded(restaurant=RESTAURANT, checkout_id=checkout, unread=why)
    return _handover(event, **how)


def _remainders(left):
    return tuple(
        Remainder(id=name, price_cents=price, tax_cents=tax) for name, (price, tax) in left.items()
    )


def a_spec(**more):
    fields = {
        "name": "memory",
        "title": "POS in memory",
        "repeat": Idempotent(window=3600.0),
        "slips": SLIPS,
        "submit_timeout": 5.0,
    }
    return AdapterSpec(**{**fields, **more})


class MemoryPos(Adapter):
    """Takes every ticket, unless `script` says otherwise: an error, a result, or a coroutine
    function that gets ticket and key.
    """

    spec = a_spec()

    def __init__(self, spec=None):
        super().__init__(settings=None, services=None)
        self.spec = spec or a_spec()
        if Capability.LOOKUP in self.spec.capabilities:
            self.find = self._find
        self.script = []
        self.finds = []
        self.calls = []
        self.tickets = {}

    async def probe(self, deadline):
        return Availability.up()

    def translate(self, order, slip):
        lines = " ".join(line.name for line in order.lines)
        text = f"{slip.kind} {order.id} v{slip.version}: {lines} {slip.reason}".strip()
        return Ticket(body=text.encode(), content_type="text/plain", preview=text)

    async def submit(self, ticket, key):
        self.calls.append(ticket.preview)
        step = self.script.pop(0) if self.script else None
        if isinstance(step, BaseException):
            raise step
        if callable(step):
            return await step(ticket, key)
        if step is not None:
            return step
        return self.take(ticket, key)

    def take(self, ticket, key):
        self.tickets.setdefault(key, []).append(ticket.preview)
        return Acceptance(pos_ref=f"ref-{key}")

    async def _find(self, key):
        step = self.finds.pop(0) if self.finds else None
        if isinstance(step, BaseException):
            raise step
        if step is not None:
            return step
        return Acceptance(pos_ref=f"ref-{key}") if key in self.tickets else None

    @property
    def printed(self):
        return [text for texts in self.tickets.values() for text in texts]


@dataclass
class Engine:
    """One restaurant's lane over a real ledger, on a clock and a POS of the test."""

    ledger: Ledger
    clock: Clock
    pos_system: MemoryPos = field(default_factory=MemoryPos)
    terms: Terms = field(default_factory=Terms)
    may_start: bool = True

    def __post_init__(self):
        self.metrics = Metrics()
        self.renew()

    def renew(self):
        """A lane as after a restart."""
        self.pos = Pos(
            RESTAURANT,
            self.pos_system,
            probe_every=5.0,
            now=self.clock.moment,
            random=lambda: 0.5,
        )
        self.pos.opened.set()
        self.attempts = Attempts(
            self.pos,
            self.ledger,
            metrics=self.metrics,
            random=lambda: 0.5,
            may_start=lambda: self.may_start,
        )
        self.lane = Lane(
            self.pos, self.ledger, attempts=self.attempts, may_start=lambda: self.may_start
        )

    async def take(self, *events):
        return await self.ledger.write(lambda tx: self._take(tx, events))

    def post(self, *events):
        """Take them before whatever is written next."""
        self.ledger.post(lambda tx: self._take(tx, events))

    def _take(self, tx, events):
        terms = self.terms_of(RESTAURANT)
        return intake.take(tx, events, terms, self.clock(), report=True)

    def terms_of(self, restaurant):
        """As the daemon makes them."""
        on_paper = puts_refunds_on_paper(self.pos_system.spec)
        return {restaurant: replace(self.terms, on_paper=on_paper)}

    async def turn(self):
        """One turn of the lane, and what it started to its end."""
        await self.lane._turn()
        while self.lane._running:
            await self.lane._finish_running()
            # The tasks' own call-backs run a moment after them.
            await asyncio.sleep(0)

    async def drain(self, turns=20):
        """Turn without the clock moving, until nothing more happens."""
        for _ in range(turns):
            before = [(row.state, row.revision) for row in await self.rows()]
            await self.turn()
            if [(row.state, row.revision) for row in await self.rows()] == before:
                return

    async def rows(self, order_id=None):
        def job(tx):
            sql = "SELECT * FROM delivery WHERE ? IS NULL OR order_id = ? ORDER BY id"
            return [
                SimpleNamespace(**dict(row))
                for row in tx.execute(sql, (order_id, order_id)).fetchall()
            ]

        return await self.ledger.read(job)

    async def states(self, order_id=None):
        """As in: place 1 done."""
        return [f"{row.operation} {row.version} {row.state}" for row in await self.rows(order_id)]

    async def only(self):
        (row,) = await self.rows()
        return row

    async def outcomes(self):
        def job(tx):
            rows = tx.execute("SELECT outcome FROM attempt ORDER BY id").fetchall()
            return [row["outcome"] for row in rows]

        return await self.ledger.read(job)

    async def notes(self):
        def job(tx):
            return [row["note"] for row in tx.execute("SELECT note FROM inbox ORDER BY seq")]

        return await self.ledger.read(job)

    async def book(self, order_id="o1"):
        return await self.ledger.read(lambda tx: orders.load_book(tx, RESTAURANT, order_id))


def later(order, *dishes, by=60.0, **more):
    """The same order, changed by the platform that much later."""
    lines = tuple(dish(name) for name in dishes) if dishes else order.lines
    return replace(
        order, lines=lines, modified_at=moment(order.modified_at.timestamp() + by), **more
    )
