"""A refund as a fake POS books it, read from what came in; it does its own sum."""

from dataclasses import dataclass
from typing import Annotated

import orjson
from pydantic import BaseModel, Field, ValidationError


class RefundError(Exception):
    """Not to be booked; the text says why, `field` names what is wrong."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


# Of a line that took something off there is something to be taken back.
_Cents = Annotated[int, Field(strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundedLine:
    """What comes off one unit or charge."""

    id: str
    name: str
    price_cents: _Cents
    tax_cents: _Cents


class _Sum(BaseModel):
    lines: tuple[RefundedLine, ...] = Field(min_length=1)
    amount_cents: Annotated[int, Field(ge=0, strict=True)]


class _Asked(BaseModel):
    order_id: str
    refund: _Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class PosRefund:
    """Money that the till gave back; `ticket` is the ref of the ticket that was paid, if told."""

    number: int
    key: str
    ticket: str
    order_id: str
    lines: tuple[RefundedLine, ...]
    amount_cents: int
    body: str
    kept_at: float

    @property
    def ref(self) -> str:
        return f"R-{self.number}"


def read_refund(body: str, *, number: int, key: str, ticket: str, kept_at: float) -> PosRefund:
    """The refund of that body; raises RefundError."""
    try:
        asked = _Asked.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise RefundError(".".join(map(str, first["loc"])), first["msg"]) from error
    total = sum(line.price_cents + line.tax_cents for line in asked.refund.lines)
    if total != asked.refund.amount_cents:
        raise RefundError("refund.amount_cents", "the lines add up to another amount")
    return PosRefund(
        number=number,
        key=key,
        ticket=ticket,
        order_id=asked.order_id,
        lines=asked.refund.lines,
        amount_cents=total,
        body=body,
        kept_at=kept_at,
    )


def order_of(ticket: str) -> str:
    """The order that a ticket names, "" if it is written in another way."""
    try:
        found = orjson.loads(ticket)
    except orjson.JSONDecodeError:
        return ""
    return str(found.get("order_id", "")) if isinstance(found, dict) else ""
