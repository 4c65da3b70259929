"""A small POS over HTTP that misbehaves on request: real sockets, real lost replies.

    GET  /status         {"state": "up" | "closed", "reason", "sold_out": [menu item ids]}
    POST /tickets        header Idempotency-Key; 201 or 200 {"ref", "duplicate"}
    GET  /tickets/{key}  200 {"ref"} or 404
    POST /refunds        the same for money; ?ticket= is the ref of the ticket that was paid;
                         422 if the lines do not add up, or the ticket is another order's
    GET  /refunds/{key}  200 {"ref"} or 404

A second port takes commands from other processes, also while the POS itself is down:

    GET  /control        {"tickets": [...], "refunds": [...], "attempts": [...], "listening", "url"}
    POST /control        any of {"script": [behaviour], "always": behaviour, "listening": bool,
                         "closed": reason or null, "sold_out": [ids], "lag": seconds};
                         400 {"reason"} if it cannot be read, and then nothing is changed

`python -m bridge.testing.fake_pos` starts one and prints its addresses as one line of JSON.
"""

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from operator import attrgetter
from typing import Any, Generic, Self, TypeVar

import orjson
from aiohttp import web

from bridge.testing.behaviour import Behaviour, json_answer, react, up
from bridge.testing.pos_refund import PosRefund, RefundError, order_of, read_refund
from bridge.testing.wish import WishError, read_wish

_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PosTicket:
    """One physical ticket, as if it came out of a printer; `number` counts from 1."""

    number: int
    key: str
    body: str
    kept_at: float

    @property
    def ref(self) -> str:
        return f"T-{self.number}"


_Kept = TypeVar("_Kept", bound=PosTicket | PosRefund)


class _Firsts(Generic[_Kept]):
    """The first of each name; an evening has too many to look through them each time."""

    def __init__(self, name_of: Callable[[_Kept], str]) -> None:
        self._name_of = name_of
        self._found: dict[str, _Kept] = {}
        self._seen = 0

    def find(self, name: str, kept: Sequence[_Kept]) -> _Kept | None:
        if len(kept) < self._seen:
            self._found, self._seen = {}, 0
        for one in kept[self._seen :]:
            self._found.setdefault(self._name_of(one), one)
        self._seen = len(kept)
        return self._found.get(name)


class FakePos:
    """A POS to develop and test against; `tickets` is what the kitchen would hold in its hands.

    `refunds` is what its till gave back. Everything but the server itself may be read and set at
    any time. Not `idempotent` means that the same key twice makes two tickets, or two refunds.
    """

    def __init__(
        self, *, idempotent: bool = True, port: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.idempotent = idempotent
        self.tickets: list[PosTicket] = []
        self.refunds: list[PosRefund] = []
        self.attempts: list[str] = []
        self.always: Behaviour = up()
        self.closed: str | None = None
        self.sold_out: frozenset[str] = frozenset()
        self.lag = 0.0
        self.probes = 0
        self._script: deque[Behaviour] = deque()
        self._first_tickets: _Firsts[PosTicket] = _Firsts(attrgetter("key"))
        self._first_refunds: _Firsts[PosRefund] = _Firsts(attrgetter("key"))
        self._tickets_by_ref: _Firsts[PosTicket] = _Firsts(attrgetter("ref"))
        self._clock = clock
        self._port = port
        self._control_port = 0
        self._pos: web.AppRunner | None = None
        self._control: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://{_HOST}:{self._port}"

    @property
    def control_url(self) -> str:
        return f"http://{_HOST}:{self._control_port}/control"

    @property
    def listening(self) -> bool:
        return self._pos is not None

    @property
    def keys(self) -> list[str]:
        """The key of each physical ticket, in order of arrival."""
        return [ticket.key for ticket in self.tickets]

    def script(self, *behaviours: Behaviour) -> None:
        """Treat the next tickets and refunds so, one each; after them comes `always` again."""
        self._script.extend(behaviours)

    async def __aenter__(self) -> Self:
        control = web.Application()
        control.add_routes([web.get("/control", self._show), web.post("/control", self._steer)])
        self._control, self._control_port = await _serve(control, 0)
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop_listening()
        if self._control:
            await self._control.cleanup()
            self._control = None

    async def listen(self) -> None:
        """Take connections, at the same address as before."""
        if self._pos:
            return
        pos = web.Application()
        pos.add_routes(
            [
                web.get("/status", self._status),
                web.post("/tickets", self._submit),
                web.get("/tickets/{key}", partial(self._find, self.find)),
                web.post("/refunds", self._refund),
                web.get("/refunds/{key}", partial(self._find, self.find_refund)),
            ]
        )
        self._pos, self._port = await _serve(pos, self._port)

    async def stop_listening(self) -> None:
        """Be down: refuse connections and end those that are open."""
        if self._pos:
            stopped, self._pos = self._pos, None
            await stopped.cleanup()

    def find(self, key: str) -> PosTicket | None:
        """As a look-up sees it: a ticket younger than `lag` is not there yet."""
        return self._settled(self._first_tickets.find(key, self.tickets))

    def find_refund(self, key: str) -> PosRefund | None:
        """As a look-up sees it."""
        return self._settled(self._first_refunds.find(key, self.refunds))

    def as_dict(self) -> dict[str, Any]:
        """All that was received, for a test in another process."""
        return {
            "url": self.url,
            "control": self.control_url,
            "listening": self.listening,
            "tickets": [asdict(ticket) for ticket in self.tickets],
            "refunds": [asdict(refund) for refund in self.refunds],
            "attempts": self.attempts,
            "probes": self.probes,
        }

    async def _status(self, _: web.Request) -> web.Response:
        self.probes += 1
        return json_answer(
            {
                "state": "up" if self.closed is None else "closed",
                "reason": self.closed or "",
                "sold_out": sorted(self.sold_out),
            }
        )

    async def _find(
        self, find: Callable[[str], PosTicket | PosRefund | None], request: web.Request
    ) -> web.Response:
        found = find(request.match_info["key"])
        return json_answer({"ref": found.ref}) if found else json_answer({}, status=404)

    async def _submit(self, request: web.Request) -> web.Response:
        return await self._take(request, self._keep)

    async def _refund(self, request: web.Request) -> web.Response:
        return await self._take(request, partial(self._book, request.query.get("ticket", "")))

    async def _take(
        self, request: web.Request, keep: Callable[[str, str], dict[str, Any]]
    ) -> web.Response:
        key, body = request.headers.get("Idempotency-Key", ""), await request.text()
        self.attempts.append(key)
        behaviour = self._script.popleft() if self._script else self.always
        if self.closed is not None:
            return json_answer({"code": "closed", "reason": self.closed}, status=503)
        try:
            kept = keep(key, body) if behaviour.keeps else None
        except RefundError as error:
            return json_answer({"field": error.field, "reason": str(error)}, status=422)
        return await react(request, behaviour, kept)

    def _keep(self, key: str, body: str) -> dict[str, Any]:
        known = self._first_tickets.find(key, self.tickets)
        if known and self.idempotent:
            return {"ref": known.ref, "duplicate": True}
        ticket = PosTicket(number=len(self.tickets) + 1, key=key, body=body, kept_at=self._clock())
        self.tickets.append(ticket)
        return {"ref": ticket.ref, "duplicate": False}

    def _book(self, ticket: str, key: str, body: str) -> dict[str, Any]:
        known = self._first_refunds.find(key, self.refunds)
        if known and self.idempotent:
            return {"ref": known.ref, "duplicate": True}
        number, now = len(self.refunds) + 1, self._clock()
        refund = read_refund(body, number=number, key=key, ticket=ticket, kept_at=now)
        self._check_ticket(refund)
        self.refunds.append(refund)
        return {"ref": refund.ref, "duplicate": False}

    def _check_ticket(self, refund: PosRefund) -> None:
        """Money goes back on the bill that it came from, if the caller still knows which."""
        if not refund.ticket:
            return
        paid = self._tickets_by_ref.find(refund.ticket, self.tickets)
        if paid is None:
            raise RefundError("ticket", "no such ticket")
        if order_of(paid.body) != refund.order_id:
            raise RefundError("ticket", "the ticket is another order's")

    def _settled(self, kept: _Kept | None) -> _Kept | None:
        return kept if kept and kept.kept_at <= self._clock() - self.lag else None

    async def _show(self, _: web.Request) -> web.Response:
        return json_answer(self.as_dict())

    async def _steer(self, request: web.Request) -> web.Response:
        try:
            wish = read_wish(await request.read())
        except WishError as error:
            return json_answer({"reason": str(error)}, status=400)
        named = wish.model_fields_set
        self.script(*wish.script)
        for name in named & {"always", "closed", "sold_out", "lag"}:
            setattr(self, name, getattr(wish, name))
        if "listening" in named:
            await (self.listen() if wish.listening else self.stop_listening())
        return json_answer(self.as_dict())


async def _serve(app: web.Application, port: int) -> tuple[web.AppRunner, int]:
    # Stopping must not wait for handlers that hang on purpose.
    runner = web.AppRunner(app, shutdown_timeout=0.01, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, _HOST, port).start()
    bound: int = runner.addresses[0][1]
    return runner, bound


async def run(pos: FakePos) -> None:
    """Serve until SIGTERM or SIGINT; the addresses go to standard output as one line of JSON."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with pos:
        sys.stdout.write(orjson.dumps({"url": pos.url, "control": pos.control_url}).decode() + "\n")
        sys.stdout.flush()
        await stop.wait()


def main(arguments: Iterable[str] | None = None) -> None:
    """The command `python -m bridge.testing.fake_pos`."""
    parser = argparse.ArgumentParser(
        prog="fake_pos", description="A POS that misbehaves on request."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--not-idempotent", action="store_true", help="print the same key again")
    options = parser.parse_args(None if arguments is None else list(arguments))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(FakePos(idempotent=not options.not_idempotent, port=options.port)))


if __name__ == "__main__":
    main()
