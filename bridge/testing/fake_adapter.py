"""An adapter for the fake POS, one class for each way a repeat may be safe or not.

It is also the model of an HTTP adapter: the meaning of every failure is decided in one place.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar
from urllib.parse import quote

import aiohttp
import orjson
from pydantic import BaseModel, ConfigDict, Field

from bridge.adapter import (
    Adapter,
    AdapterError,
    AdapterMisconfigured,
    AdapterSpec,
    Blind,
    Capability,
    Idempotent,
    OperatorNeeded,
    OutcomeUnknown,
    PosBusy,
    PosUnreachable,
    ReadBack,
    Repeat,
    TicketRejected,
)
from bridge.model import (
    Acceptance,
    Availability,
    Deadline,
    Order,
    PosState,
    Refund,
    Slip,
    SlipKind,
    Ticket,
)


class FakeSettings(BaseModel):
    """Settings of the fake adapters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(description="Address of the fake POS.", examples=["http://127.0.0.1:9000"])
    timeout: float = Field(default=2.0, gt=0, description="Seconds to wait for an answer.")
    block_loop: float = Field(
        default=0.0,
        ge=0,
        description="Seconds to block the event loop in every call, as a bad adapter would.",
    )


# The blind one has no refunds: somebody must be the POS whose money a person puts right.
_CAPABILITIES: dict[type[Repeat], frozenset[Capability]] = {
    Idempotent: frozenset({Capability.REFUND}),
    ReadBack: frozenset({Capability.REFUND, Capability.LOOKUP}),
    Blind: frozenset(),
}
_KEPT_AT = ("/tickets", "/refunds")


def fake_spec(
    name: str, repeat: Repeat, *, max_in_flight: int = 16, submit_timeout: float = 5.0
) -> AdapterSpec:
    """The spec of a fake, for a subclass with other numbers."""
    return AdapterSpec(
        name=name,
        title=f"Fake POS ({name})",
        settings=FakeSettings,
        repeat=repeat,
        capabilities=_CAPABILITIES[type(repeat)],
        slips=frozenset(SlipKind),
        max_in_flight=max_in_flight,
        submit_timeout=submit_timeout,
    )


class _PaperAdapter(Adapter):
    """What the fakes share: a POS that prints."""

    settings: FakeSettings

    async def probe(self, deadline: Deadline) -> Availability:
        self._block()
        try:
            async with self._call("GET", "/status", within=deadline.left) as reply:
                found = await _document(reply)
        except AdapterError as error:
            return Availability(state=PosState.DOWN, reason=str(error))
        return Availability(
            state=PosState(found["state"]),
            reason=found["reason"],
            sold_out=frozenset(found["sold_out"]),
        )

    def translate(self, order: Order, slip: Slip) -> Ticket:
        document = {
            "restaurant": self.services.restaurant.id,
            "order_id": order.id,
            "order_number": order.number,
            "kind": slip.kind,
            "version": slip.version,
            "reason": slip.reason,
            "table": order.table.name if order.table else "",
            "fulfilment": order.fulfilment,
            "due": order.due_at.isoformat(timespec="minutes") if order.due_at else "",
            "guest": order.guest.name,
            "notes": [f"{name}: {value}" for name, value in order.facts],
            "lines": [
                {
                    "quantity": line.quantity,
                    "name": line.name,
                    "modifiers": [modifier.name for modifier in line.modifiers],
                    "notes": line.notes,
                }
                for line in order.lines
            ],
            "changes": slip.differences,
            **({"refund": _sum_of(slip.refund)} if slip.refund else {}),
        }
        return Ticket(
            body=orjson.dumps(document),
            content_type="application/json",
            preview=f"{slip.kind} {slip.version} of order {order.number or order.id}",
        )

    async def submit(self, ticket: Ticket, key: str) -> Acceptance:
        self._block()
        async with self._call("POST", "/tickets", body=ticket.body, key=key) as reply:
            return await _acceptance(reply)

    @asynccontextmanager
    async def _call(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        key: str | None = None,
        within: float | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One request; every failure of the transport comes out with its meaning."""
        seconds = self.settings.timeout if within is None else within
        # To aiohttp a timeout of 0 means none at all.
        limit = aiohttp.ClientTimeout(total=max(seconds, 0.001))
        # A kept connection may be dead without showing it, and a ticket written into it would count
        # as maybe sent. On a new one, "no connection" is proof that nothing was sent.
        headers = {"Connection": "close", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        try:
            async with self.services.http.request(
                method, self.settings.url + path, data=body, headers=headers, timeout=limit
            ) as reply:
                yield reply
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise PosUnreachable(f"no connection to {self.settings.url}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OutcomeUnknown(f"no usable answer: {type(error).__name__}") from error

    def _block(self) -> None:
        if self.settings.block_loop:
            time.sleep(self.settings.block_loop)


class FakeAdapter(_PaperAdapter):
    """For a POS that knows its keys again, and gives money back itself."""

    spec: ClassVar = fake_spec("fake", Idempotent(window=3600.0))

    async def refund(self, ticket: Ticket, key: str, pos_ref: str) -> Acceptance:
        """Book what the ticket takes off the bill `pos_ref`."""
        self._block()
        path = f"/refunds?ticket={quote(pos_ref, safe='')}"
        async with self._call("POST", path, body=ticket.body, key=key) as reply:
            return await _acceptance(reply)


class FakeReadBackAdapter(FakeAdapter):
    """For a POS that prints, or books, a key twice, but can be asked what it has."""

    spec: ClassVar = fake_spec("fake-readback", ReadBack(lag=0.2))

    async def find(self, key: str) -> Acceptance | None:
        """The acceptance of that key, or None."""
        for path in _KEPT_AT:
            async with self._call("GET", f"{path}/{key}") as reply:
                if reply.status != 404:  # noqa: PLR2004  not found
                    return await _acceptance(reply)
        return None


class FakeBlindAdapter(_PaperAdapter):
    """For a POS that prints a key twice, cannot be asked, and has no refunds."""

    spec: ClassVar = fake_spec("fake-blind", Blind(), max_in_flight=1)


def _sum_of(refund: Refund) -> dict[str, Any]:
    lines = [
        {
            "id": line.id,
            "name": line.name,
            "price_cents": line.price_cents,
            "tax_cents": line.tax_cents,
        }
        for line in refund.lines
    ]
    return {"lines": lines, "amount_cents": refund.amount_cents}


async def _acceptance(reply: aiohttp.ClientResponse) -> Acceptance:
    found = await _document(reply)
    if not found.get("ref"):
        raise OutcomeUnknown("the answer names no ticket")
    return Acceptance(pos_ref=found["ref"], duplicate=found.get("duplicate", False))


async def _document(reply: aiohttp.ClientResponse) -> dict[str, Any]:
    """The answer's JSON; an answer that is no yes comes out as the error it stands for."""
    try:
        found: dict[str, Any] = orjson.loads(await reply.read())
    except orjson.JSONDecodeError as error:
        raise OutcomeUnknown(f"status {reply.status} without JSON") from error
    if reply.ok:
        return found
    raise meaning(reply.status, found, reply.headers.get("Retry-After", ""))


def meaning(status: int, found: dict[str, Any], retry_after: str) -> AdapterError:
    """What a refusal tells the lane to do."""
    reason = str(found.get("reason", "")) or f"status {status}"
    match status:
        case 401 | 403:
            return AdapterMisconfigured(f"the POS refuses the credentials: {reason}")
        case 404:
            return AdapterMisconfigured("the POS knows no such address (404): correct the url")
        case 429:
            return PosBusy(reason, retry_after=float(retry_after or 1.0))
        case 503 if "code" in found:
            return OperatorNeeded(reason)
        case _ if 400 <= status < 500:  # noqa: PLR2004  the HTTP class 4XX
            return TicketRejected(reason, field=str(found.get("field", "")))
        case _:
            return OutcomeUnknown(reason)
