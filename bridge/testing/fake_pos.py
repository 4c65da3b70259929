"""A small POS over HTTP that misbehaves on request: real sockets, real lost replies.

    GET  /status         {"state": "up" | "closed", "reason", "sold_out": [menu item ids]}
    POST /tickets        header Idempotency-Key; 201 or 200 {"ref", "duplicate"}
    GET  /tickets/{key}  200 {"ref"} or 404

A second port takes commands from other processes, also while the POS itself is down:

    GET  /control        {"tickets": [...], "attempts": [...], "listening", "url"}
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
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Self

import orjson
from aiohttp import web

from bridge.testing.behaviour import Behaviour, json_answer, react, up
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


class FakePos:
    """A POS to develop and test against; `tickets` is what the kitchen would hold in its hands.

    Everything but the server itself may be read and set at any time. Not `idempotent` means that
    the same key twice makes two tickets.
    """

    def __init__(
        self, *, idempotent: bool = True, port: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.idempotent = idempotent
        self.tickets: list[PosTicket] = []
        self.attempts: list[str] = []
        self.always: Behaviour = up()
        self.closed: str | None = None
        self.sold_out: frozenset[str] = frozenset()
        self.lag = 0.0
        self.probes = 0
        self._script: deque[Behaviour] = deque()
        self._first: dict[str, PosTicket] = {}
        self._indexed = 0
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
        """Treat the next submits so, one each; after them comes `always` again."""
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
                web.get("/tickets/{key}", self._find),
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
        first = self._first_of(key)
        return first if first and first.kept_at <= self._clock() - self.lag else None

    def as_dict(self) -> dict[str, Any]:
        """All that was received, for a test in another process."""
        return {
            "url": self.url,
            "control": self.control_url,
            "listening": self.listening,
            "tickets": [asdict(ticket) for ticket in self.tickets],
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

    async def _find(self, request: web.Request) -> web.Response:
        ticket = self.find(request.match_info["key"])
        return json_answer({"ref": ticket.ref}) if ticket else json_answer({}, status=404)

    async def _submit(self, request: web.Request) -> web.Response:
        key, body = request.headers.get("Idempotency-Key", ""), await request.text()
        self.attempts.append(key)
        behaviour = self._script.popleft() if self._script else self.always
        if self.closed is not None:
            return json_answer({"code": "closed", "reason": self.closed}, status=503)
        kept = self._keep(key, body) if behaviour.keeps else None
        return await react(request, behaviour, kept)

    def _keep(self, key: str, body: str) -> dict[str, Any]:
        known = self._first_of(key)
        if known and self.idempotent:
            return {"ref": known.ref, "duplicate": True}
        ticket = PosTicket(number=len(self.tickets) + 1, key=key, body=body, kept_at=self._clock())
        self.tickets.append(ticket)
        return {"ref": ticket.ref, "duplicate": False}

    def _first_of(self, key: str) -> PosTicket | None:
        """The first ticket of that key; an evening has too many to look through them each time."""
        if len(self.tickets) < self._indexed:
            self._first, self._indexed = {}, 0
        for ticket in self.tickets[self._indexed :]:
            self._first.setdefault(ticket.key, ticket)
        self._indexed = len(self.tickets)
        return self._first.get(key)

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
