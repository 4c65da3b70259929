"""The real ingress on a real socket with a real ledger; only the POS is told what to say."""

import asyncio
import base64
from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson

from bridge.config import Address
from bridge.daemon.listeners import open_ingress
from bridge.ingress import reception
from bridge.ingress.app import IngressContext, build
from bridge.ingress.auth import EndpointAccess, digests
from bridge.ingress.call import Budgets
from bridge.ingress.gate import Gate, GateTerms
from bridge.ingress.guard import Limits
from bridge.ledger import Ledger, requests
from bridge.model import Availability, Discount, Label, PosState, Pulse, Pulses, Quote
from bridge.sources.bbot import Hook, sample
from bridge.telemetry import Metrics

PAYLOADS = Path(__file__).parent / "payloads" / "bbot"
ENDPOINT = "an-endpoint-nobody-guesses"
RESTAURANT = "harbour-grill"
BBOT_ID = "60a4b3c6-harbour"
USER, PASSWORD = "bbot", "correct horse battery staple"


def a_pulse(state=PosState.UP, *, restaurant=RESTAURANT, reason="", sold_out=(), **more):
    """What a worker says of its POS just now."""
    now = datetime.now(UTC)
    return Pulse(
        worker="w",
        restaurant=restaurant,
        sent_at=now,
        availability=Availability(
            state=state, reason=reason, sold_out=frozenset(sold_out), checked_at=now
        ),
        **more,
    )


def an_injection(order_id="order-1", *, restaurant=BBOT_ID, **changes):
    """The published injection with ids of our own."""
    document = orjson.loads(sample("order_injection"))
    document["restaurant_id"], document["order_id"] = restaurant, order_id
    document["order"].update(
        id=order_id, restaurant_id=restaurant, checkout_id=f"checkout-{order_id}", **changes
    )
    return orjson.dumps(document)


def authorization(user=USER, password=PASSWORD, *, encoding="utf-8", scheme="Basic"):
    return f"{scheme} {base64.b64encode(f'{user}:{password}'.encode(encoding)).decode()}"


HAPPY_HOUR = Quote(
    prompts=(Label(id="happy", text="Happy hour"),),
    discount=Discount(name="Happy hour", amount_cents=100),
)


@dataclass
class FakeQuotes:
    """Says what it is told to say, once it may; notes what it was asked and told."""

    quote: Quote = HAPPY_HOUR
    error: Exception | None = None
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    noted: list = field(default_factory=list)

    def __post_init__(self):
        self.may_answer.set()

    async def check(self, cart, _deadline):
        return await self._answer(("check", cart.restaurant, cart.checkout_id))

    async def start(self, cart, attempt_id, _deadline):
        return await self._answer(("start", cart.restaurant, cart.checkout_id, attempt_id))

    def finish(self, restaurant, checkout_id):
        self.noted.append(("finish", restaurant, checkout_id))

    def cancel(self, restaurant, checkout_id):
        self.noted.append(("cancel", restaurant, checkout_id))

    async def _answer(self, note):
        self.noted.append(note)
        if self.error is not None:
            raise self.error
        await self.may_answer.wait()
        return self.quote


@dataclass
class Answered:
    """One HTTP answer as it stood on the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self):
        return orjson.loads(self.body)


@dataclass
class Doorway:
    """A listening ingress; `pulses`, `probe` and `quotes` are what the POS side says."""

    ledger: Ledger
    pulses: Pulses
    metrics: Metrics
    reception: reception.Reception
    quotes: FakeQuotes
    host: str = "127.0.0.1"
    port: int = 0
    probe: Callable | None = None

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    @asynccontextmanager
    async def connection(self):
        """A caller's own connection: reader and writer."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            yield reader, writer
        finally:
            writer.close()

    async def exchange(self, raw):
        """Send bytes on a connection of their own; the first answer to them."""
        async with self.connection() as (reader, writer):
            writer.write(raw)
            return await read_answer(reader)

    async def post(self, body, hook="order-injection", **more):
        return await self.exchange(a_request(body, hook, **more))

    async def rows(self):
        """What the ledger holds of the calls, oldest first."""
        return await self.ledger.read(
            lambda tx: [dict(row) for row in tx.execute("SELECT * FROM request ORDER BY seq")]
        )

    async def settled(self, *fates):
        """The rows, once all of them have a fate; or once these fates are among them."""
        told = asyncio.Event()
        forget = self.ledger.listen(requests.OUTBOX, told.set)
        try:
            async with asyncio.timeout(30):
                while True:
                    told.clear()
                    rows = await self.rows()
                    found = {row["fate"] for row in rows}
                    if found.issuperset(fates) if fates else rows and None not in found:
                        return rows
                    await told.wait()
        finally:
            forget()


class SlowPos:
    """A POS whose answer the test gives."""

    def __init__(self, doorway):
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()
        doorway.probe = self.ask
        doorway.pulses.put(a_pulse(PosState.UNKNOWN))

    async def ask(self, _restaurant, _deadline):
        self.asked.set()
        await self.may_answer.wait()
        return True


def a_request(
    body=b"",
    hook="order-injection",
    *,
    endpoint=ENDPOINT,
    method="POST",
    version="1.1",
    headers=None,
):
    """The bytes of one request; a header that is None is left out."""
    path = f"/bbot/{endpoint}/{hook}" if hook else f"/bbot/{endpoint}"
    lines = {
        "Host": "bridge.test",
        "Content-Type": "application/json",
        "Authorization": authorization(),
        "Content-Length": str(len(body)),
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return f"{method} {path} HTTP/{version}\r\n{head}\r\n".encode("latin-1") + body


def in_chunks(body, size=1000):
    """The request that brings a body in pieces."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])
    return a_request(headers={"Content-Length": None, "Transfer-Encoding": "chunked"}) + framed


async def read_answer(reader, *, has_body=True):
    """The next answer on the connection; raises IncompleteReadError when there is none."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in lines)}
    length = int(headers.get("content-length", 0)) if has_body else 0
    return Answered(int(first.split()[1]), headers, await reader.readexactly(length))


@asynccontextmanager
async def open_doorway(directory, *, limits=None, terms=None, **settings):
    """Listen on a free port of this machine."""

    async def ask_pos(restaurant, deadline):
        return await doorway.probe(restaurant, deadline) if doorway.probe else None

    async with AsyncExitStack() as stack:
        ledger = await Ledger.open(directory)
        stack.callback(ledger.close)
        pulses, metrics = Pulses(), Metrics()
        pulses.put(a_pulse())
        gate = Gate(
            pulses,
            {RESTAURANT: terms or GateTerms()},
            now=lambda: datetime.now(UTC),
            live_probe=ask_pos,
        )
        known = {BBOT_ID, "somebody-elses"}
        quotes = FakeQuotes()
        desk = reception.build(
            ledger, gate, quotes, metrics=metrics, known_restaurants=known.__contains__
        )
        doorway = Doorway(ledger, pulses, metrics, desk, quotes)
        app = build(_context(doorway, **settings))
        url = await open_ingress(stack, app, Address(doorway.host, 0), limits or Limits())
        doorway.port = int(url.rpartition(":")[2])
        yield doorway


def _context(
    doorway,
    *,
    budget=2.5,
    promo_budget=1.0,
    body_timeout=5.0,
    max_body=262144,
    require_basic=(Hook.ORDER_INJECTION, Hook.ORDER_CHANGE),
):
    access = EndpointAccess(
        id=ENDPOINT,
        source="bbot",
        digests=digests(USER, PASSWORD),
        restaurants={BBOT_ID: RESTAURANT},
        require_basic=frozenset(require_basic),
    )
    return IngressContext(
        reception=doorway.reception,
        ledger=doorway.ledger,
        endpoints={ENDPOINT: access},
        metrics=doorway.metrics,
        budgets=Budgets(order=budget, promo=promo_budget),
        body_timeout=body_timeout,
        max_body=max_body,
    )
