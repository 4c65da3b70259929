"""What people decide: replay, resolve or void a delivery, pause or resume a restaurant."""

from dataclasses import asdict, replace
from enum import StrEnum
from typing import Annotated, Final, TypeVar

import structlog
from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bridge.console.auth import Entry, entry_of
from bridge.console.context import ConsoleContext, Desk, context_of
from bridge.console.orders import pick_restaurant
from bridge.console.problem import Refusal, as_json
from bridge.ledger import Transaction, bounces, history
from bridge.ledger.decisions import Answer, Demand, Wish
from bridge.model import DeliveryState, Operation
from bridge.model.question import Reason

ACTIONS: Final = ("replay", "resolve", "void")

log = structlog.get_logger()

M = TypeVar("M", bound=BaseModel)

_Text = Annotated[str, Field(max_length=500)]
_Id = Annotated[str, Field(max_length=255)]


# As many as the ledger can hold.
_Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
_Moment = Annotated[float, Field(allow_inf_nan=False)]


def _one_of(words: type[StrEnum]) -> AfterValidator:
    """A word that is none would fit nothing, and nobody would know why."""

    def check(value: str) -> str:
        if value and value not in set(words):
            raise ValueError(f"{value!r} is not one of {', '.join(words)}")
        return value

    return AfterValidator(check)


_State = Annotated[_Id, _one_of(DeliveryState)]
_Reason = Annotated[_Id, _one_of(Reason)]
_Operation = Annotated[_Id, _one_of(Operation)]


class _Filter(BaseModel):
    """Which of all deliveries; times are seconds since 1970."""

    model_config = ConfigDict(extra="forbid", strict=True)

    restaurant: _Id = ""
    state: _State = ""
    reason: _Reason = ""
    since: _Moment | None = None
    until: _Moment | None = None
    after: _Count = 0


class _Body(BaseModel):
    """Either an `order_id` or a `filter`; `after`: where the page before ended."""

    model_config = ConfigDict(extra="forbid", strict=True)

    order_id: _Id = ""
    restaurant: _Id = ""
    operation: _Operation = ""
    version: _Count | None = None
    after: _Count = 0
    filter: _Filter | None = None
    who: _Text = ""
    note: _Text = ""
    pos_ref: _Text = ""
    reprint: bool = False
    dry_run: bool = False


class _TakeOver(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    who: _Text = ""
    dry_run: bool = False


class _Pause(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    who: _Text = ""
    reason: _Text = ""


async def decide(request: web.Request) -> web.Response:
    """Do it, or with `dry_run` only say what would be done.

    404 if there is no such delivery, 409 if all that was named is refused.
    """
    _check_entry(request)
    demand = read_demand(request.match_info["action"], await request.read())
    if demand.wish.restaurant:
        context_of(request).find(demand.wish.restaurant)
    elif demand.wish.order_id:
        demand = await _place(request, demand)
    stuck = await _decide_stuck(context_of(request), demand)
    if stuck is not None:
        return as_json({"dry_run": demand.dry_run, **asdict(stuck)})
    answer = await (await _desk(request)).decide(demand)
    is_whole = answer.next is None and not demand.wish.after
    if demand.wish.order_id and is_whole:
        _check_named(answer)
    return as_json({"dry_run": demand.dry_run, **asdict(answer)})


async def pause(request: web.Request) -> web.Response:
    """Nothing more is sent to the restaurant's POS until `resume`."""
    desk = await _desk(request)
    restaurant = context_of(request).find(request.match_info["restaurant"]).id
    body = _read(_Pause, await request.read())
    if not body.reason.strip():
        raise Refusal(400, "bad_body", "reason: say why, others will read it")
    await desk.pause(restaurant, who=body.who, reason=body.reason)
    return as_json({"restaurant": restaurant, "paused": True})


async def resume(request: web.Request) -> web.Response:
    """Let it go on; for one that went on all the time nothing changes."""
    desk = await _desk(request)
    restaurant = context_of(request).find(request.match_info["restaurant"]).id
    body = _read(_Pause, await request.read())
    await desk.resume(restaurant, who=body.who)
    return as_json({"restaurant": restaurant, "paused": False})


async def take_over(request: web.Request) -> web.Response:
    """The worker before is gone for good: what may come out twice is marked, and named.

    409 while another worker serves the restaurant.
    """
    desk = await _desk(request)
    restaurant = context_of(request).find(request.match_info["restaurant"]).id
    body = _read(_TakeOver, await request.read())
    who = body.who.strip() or "somebody"
    answer = await desk.take_over(restaurant, who=who, dry_run=body.dry_run)
    for one in answer.refused:
        raise Refusal(409, str(one["code"]), f"{restaurant}: {one['reason']}")
    return as_json({"dry_run": body.dry_run, "restaurant": restaurant, "moved": answer.moved})


def read_demand(action: str, data: bytes) -> Demand:
    """Raises Refusal (400), which names the field."""
    body = _read(_Body, data)
    if bool(body.order_id) is (body.filter is not None):
        raise Refusal(400, "bad_body", "name either an order_id or a filter")
    if body.filter is not None and body.after:
        raise Refusal(400, "bad_body", "after goes with an order_id, or into the filter")
    if action == "resolve" and not body.note.strip():
        raise Refusal(400, "bad_body", "note: say how it was settled, others will read it")
    return Demand(
        action=action,
        wish=_wish(body),
        who=body.who.strip() or "somebody",
        note=body.note.strip(),
        pos_ref=body.pos_ref.strip(),
        reprint=body.reprint,
        dry_run=body.dry_run,
    )


def _wish(body: _Body) -> Wish:
    if body.filter is not None:
        return Wish(**body.filter.model_dump())
    named = Wish(order_id=body.order_id, restaurant=body.restaurant)
    return replace(named, operation=body.operation, version=body.version, after=body.after)


def _read(model: type[M], data: bytes) -> M:
    try:
        return model.model_validate_json(data or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the body"
        raise Refusal(400, "bad_body", f"{where}: {first['msg']}") from error


async def _place(request: web.Request, demand: Demand) -> Demand:
    """With the restaurant that has the order; raises Refusal (409) if several have."""
    order_id, ledger = demand.wish.order_id, context_of(request).ledger
    found = await ledger.read(lambda tx: history.find_restaurants(tx, order_id))
    return replace(demand, wish=replace(demand.wish, restaurant=pick_restaurant(found)))


def _check_named(answer: Answer) -> None:
    if not answer.moved and not answer.refused:
        raise Refusal(404, "unknown_delivery", "no such delivery is known here")
    if not answer.moved:
        words = "; ".join(
            f"{one['operation']} version {one['version']}: {one['reason']}"
            for one in answer.refused
        )
        raise Refusal(409, str(answer.refused[-1]["code"]), words, refused=answer.refused)


async def _decide_stuck(context: ConsoleContext, demand: Demand) -> Answer | None:
    """About events of the order that no worker would have: None if there are none of them."""
    wish, action = demand.wish, demand.action
    words = f"{action} by {demand.who}: {demand.note}".removesuffix(": ")

    def job(tx: Transaction) -> list[bounces.Bounced]:
        found = bounces.list_stuck(tx, wish.restaurant, wish.order_id)
        if found and not demand.dry_run:
            bounces.decide(tx, wish.restaurant, wish.order_id, action, words)
        return found

    if not wish.order_id or not await context.ledger.read(
        lambda tx: bounces.list_stuck(tx, wish.restaurant, wish.order_id)
    ):
        return None
    found = await context.ledger.write(job)
    log.info("decided", action=action, who=demand.who, order_id=wish.order_id, before="stuck")
    return Answer(moved=[_moved(one, action, words) for one in found], refused=[])


def _moved(one: bounces.Bounced, action: str, words: str) -> dict[str, object]:
    return {
        "restaurant": one.restaurant,
        "order_id": one.order_id,
        "number": "",
        "operation": one.hook,
        "version": 0,
        "before": "stuck",
        "state": bounces.STAGES[action],
        "cause": words,
    }


def _check_entry(request: web.Request) -> None:
    """Commands are taken from the socket and from bearers of the token, never from a screen."""
    if entry_of(request) not in {Entry.SOCKET, Entry.BEARER}:
        raise Refusal(403, "command_needs_token", "a bearer of the token only may decide")


async def _desk(request: web.Request) -> Desk:
    _check_entry(request)
    context = context_of(request)
    desk = context.find_desk()
    if desk is not None:
        return desk
    if context.has_worker:
        raise Refusal(503, "starting", "the worker does not run yet: try again in a moment")
    raise await context.elsewhere(request.match_info.get("restaurant", ""), "people decide")
