"""One restaurant behind a webhook address of its own: what is told to it, and what came of it."""

import asyncio
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

import orjson

from bridge.config import Config, Endpoint, Secret
from bridge.ledger.ledger import FILE_NAME
from tests.daemons import PASSWORD, PATIENCE, USER, a_restaurant
from tests.doorway import PAYLOADS, a_request, authorization, read_answer

# The restaurants that the files of the collection speak of.
SAMPLES = "ecde3351-606c-4971-ab5a-792bccb0e5e2"
SMALL = "restaurant-1"
OTHER = "another-restaurant"
ON_COMMIT = "one that waits for a sign"
ODD = "u87d-not-a-uuid/83aj"
ANYBODY = {"Authorization": None}
LUNCH = {"code": "LUNCH10", "name": "Lunch", "percent": 10, "once_per": "checkout"}
ORDER_HOOKS = {"order-injection", "order-change"}
# Of these nothing is kept: whoever called is not known.
UNRECORDED = {401, 404, 405}
# What waits behind a ticket for later is as settled as that ticket.
_UNSETTLED = """
SELECT (SELECT count(*) FROM request WHERE endpoint = :endpoint) < :calls
    OR EXISTS (SELECT 1 FROM request
               WHERE endpoint = :endpoint AND stage IN ('open', 'published'))
    OR EXISTS (SELECT 1 FROM delivery AS d
               WHERE restaurant = :name AND state IN ('ready', 'sending')
               AND NOT EXISTS (SELECT 1 FROM delivery AS first WHERE first.state = 'waiting'
                   AND first.restaurant = d.restaurant AND first.order_id = d.order_id))
"""


def payload(name):
    return (PAYLOADS / name).read_bytes()


def content_type(name):
    # What was lost on its way came under the header of what was meant.
    if name.endswith("form.txt"):
        return "application/x-www-form-urlencoded"
    return "application/json; charset=latin-1" if "latin1" in name else "application/json"


def altered(name, **changes):
    """The file with other values; those of the order under the name `order`."""
    document = orjson.loads(payload(name))
    order = changes.pop("order", {})
    document |= changes
    if order:
        document["order"] |= order
    return orjson.dumps(document)


@dataclass(frozen=True)
class Site:
    """A daemon that listens, and where its ledger is."""

    config: Config
    ingress: str
    console: str
    client: object

    @contextmanager
    def ledger(self):
        path = self.config.ledger.directory / FILE_NAME
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            yield connection


@dataclass
class House:
    """`endpoint` has nothing but this restaurant; the platform calls it by an id of a file."""

    site: Site
    name: str
    calls: int = field(default=0, init=False)

    @property
    def endpoint(self):
        return f"endpoint-of-{self.name}"

    # What the platform does

    async def post(self, body, hook="order-injection", **headers):
        """The answer; partners' hooks without credentials. Headers as keywords with underscores."""
        login = authorization(USER, PASSWORD) if hook in {*ORDER_HOOKS, ""} else None
        given = {"Authorization": login} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return await self.exchange(a_request(body, hook, endpoint=self.endpoint, headers=given))

    async def post_file(self, name, hook="order-injection"):
        return await self.post(payload(name), hook, Content_Type=content_type(name))

    async def exchange(self, raw, *, has_body=True):
        """Bytes of a request as they go over the wire; the answer to them."""
        host, _, port = self.site.ingress.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(raw)
            async with asyncio.timeout(PATIENCE):
                answer = await read_answer(reader, has_body=has_body)
        finally:
            writer.close()
        self.calls += answer.status not in UNRECORDED
        return answer

    # What the restaurant's people see

    async def settle(self):
        """Until every call is on record and worked off."""
        given = {"endpoint": self.endpoint, "name": self.name, "calls": self.calls}

        async def is_settled():
            return not ledger.execute(_UNSETTLED, given).fetchone()[0]

        with self.site.ledger() as ledger:
            await _until(is_settled)

    async def rows(self):
        """What the ledger keeps of each call, oldest first."""
        await self.settle()
        with self.site.ledger() as ledger:
            found = ledger.execute(
                "SELECT * FROM request WHERE endpoint = ? ORDER BY seq", (self.endpoint,)
            )
            return [dict(row) for row in found]

    async def notes(self):
        """What the worker noted of each event, oldest first."""
        await self.settle()
        with self.site.ledger() as ledger:
            found = ledger.execute(
                "SELECT note FROM inbox WHERE restaurant = ? ORDER BY seq", (self.name,)
            )
            return [row["note"] for row in found]

    async def order(self, order_id):
        await self.settle()
        return await self._ask(f"orders/{quote(order_id, safe='')}?restaurant={self.name}")

    async def orders(self):
        await self.settle()
        return (await self._ask(f"orders?restaurant={self.name}"))["orders"]

    async def deliveries(self, order_id):
        """As in: place 1 done."""
        found = (await self.order(order_id))["deliveries"]
        return [f"{one['operation']} {one['version']} {one['state']}" for one in found]

    async def findings(self):
        """What the doctor says, in one text."""
        await self.settle()
        return " ".join(one["text"] for one in (await self._ask("findings"))["findings"])

    async def tickets(self):
        await self.settle()
        return (await self._ask(f"kitchen/{self.name}/tickets"))["tickets"]

    async def lines(self):
        """Of every ticket on the board what is to be made, as in: 2 x Ceviche + Èclairs (hot)."""
        return [[as_text(line) for line in ticket["lines"]] for ticket in await self.tickets()]

    async def know(self, state):
        """Until the POS has told the bridge how it is."""

        async def is_known():
            found = (await self._ask("restaurants"))["restaurants"]
            return state in {one.get("state") for one in found if one["id"] == self.name}

        await _until(is_known)

    async def _ask(self, path):
        bearer = {"Authorization": f"Bearer {self.site.config.console.token.reveal()}"}
        async with self.site.client.get(
            f"{self.site.console}/api/v1/{path}", headers=bearer
        ) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()


async def _until(holds):
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110  what stands in a ledger is no event
            await asyncio.sleep(0.01)


def as_text(line):
    modifiers = "".join(f" + {name}" for name in line["modifiers"])
    notes = f" ({line['notes']})" if line["notes"] else ""
    return f"{line['quantity']} x {line['name']}{modifiers}{notes}"


def lay_out(directory, wishes, make):
    """Configuration and names of as many restaurants as are wished for of each kind."""
    names, restaurants = {}, []
    for kind, (bbot_id, count, more) in wishes.items():
        names[kind] = [f"house-{len(restaurants) + number}" for number in range(count)]
        restaurants += [
            a_restaurant(id=name, name=name, bbot_id=bbot_id, probe_every=60, **more)
            for name in names[kind]
        ]
    endpoints = tuple(
        Endpoint(
            id=f"endpoint-of-{one.id}",
            username=USER,
            password=Secret.of(PASSWORD),
            restaurants=(one.id,),
        )
        for one in restaurants
    )
    return make(directory, endpoints=endpoints, restaurants=tuple(restaurants)), names
