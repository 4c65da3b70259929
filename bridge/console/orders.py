"""The JSON about orders and restaurants, for commands and for programs of the owner."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from bridge.config.problem import suggestion
from bridge.console.auth import Entry, entry_of
from bridge.console.context import context_of
from bridge.console.problem import Refusal, as_json
from bridge.ledger import Transaction, history
from bridge.model import DeliveryState

_DAY: Final = 86400.0
_STATES: Final = (
    *(state.value for state in DeliveryState),
    history.ARCHIVED,
    history.BLOCKED,
)
_MAX_LIMIT: Final = 500
_MOMENTS: Final = "an ISO time such as 2026-01-31T18:00:00Z, or seconds since 1970"


async def list_orders(request: web.Request) -> web.Response:
    """Newest first; `next` is the `before` of the next page, null on the last."""
    context = context_of(request)
    page = read_page(request.query, context.now())
    if page.restaurant:
        context.find(page.restaurant)
    return as_json(await context.ledger.read(lambda tx: history.list_orders(tx, page)))


async def show_order(request: web.Request) -> web.Response:
    """The life of one order; `raw=1` adds the bodies as they came."""
    context = context_of(request)
    order_id = request.match_info["order_id"]
    wanted = request.query.get("restaurant", "")
    known = {view.id for view in context.restaurants}
    raw = request.query.get("raw", "0") not in {"", "0"}
    if raw and entry_of(request) not in {Entry.SOCKET, Entry.BEARER}:
        raise Refusal(403, "raw_needs_token", "raw bodies are shown to a bearer of the token only")

    def read(tx: Transaction) -> dict[str, object] | None:
        # One that is only named in a refused call may be asked for, too.
        found = history.find_restaurants(tx, order_id)
        restaurant = wanted or pick_restaurant([name for name in found if name in known] or found)
        document = history.find_order(tx, restaurant, order_id) if found else None
        if document is not None and raw:
            document["bodies"] = history.find_bodies(tx, restaurant, order_id)
        return document

    document = await context.ledger.read(read)
    if document is None:
        where = f" of {wanted}" if wanted else ""
        raise Refusal(404, "unknown_order", f"no order{where} has the id {order_id!r} here")
    return as_json(document)


async def list_restaurants(request: web.Request) -> web.Response:
    """With `lock`: whether this process serves it, and else why not; "" without a broker."""
    context = context_of(request)
    health = await context.health()
    known, locks = health.get("restaurants", {}), health.get("broker", {}).get("locks", {})
    return as_json(
        {
            "restaurants": [
                {
                    **known.get(view.id, {}),
                    "lock": locks.get(view.id, ""),
                    "id": view.id,
                    "name": view.name,
                    "adapter": view.adapter,
                    "timezone": view.timezone,
                }
                for view in context.restaurants
            ]
        }
    )


def read_page(query: Mapping[str, str], now: float) -> history.Page:
    """Raises Refusal (400), which names the parameter. Without `since`: the last 24 hours."""
    state = query.get("state", "")
    if state and state not in _STATES:
        raise _bad("state", state, ", ".join(_STATES), suggestion(state, _STATES))
    since, before = query.get("since", ""), query.get("before", "")
    return history.Page(
        restaurant=query.get("restaurant", ""),
        state=state,
        since=_moment("since", since) if since else now - _DAY,
        open=query.get("open", "0") not in {"", "0"},
        before=_moment("before", before) if before else None,
        limit=_limit(query.get("limit", "100")),
    )


def _moment(name: str, text: str) -> float:
    """Seconds since 1970, or an ISO time; without an offset it is UTC."""
    try:
        seconds = float(text)
    except ValueError:
        return _iso_moment(name, text)
    if not math.isfinite(seconds):
        raise _bad(name, text, _MOMENTS)
    return seconds


def _iso_moment(name: str, text: str) -> float:
    try:
        # A plus sign that was not encoded arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError as error:
        raise _bad(name, text, _MOMENTS) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MAX_LIMIT):
        raise _bad("limit", text, f"a whole number from 1 to {_MAX_LIMIT}")
    return int(text)


def _bad(name: str, found: str, allowed: str, hint: str = "") -> Refusal:
    says = "; ".join(part for part in (f"found {found!r}", f"allowed: {allowed}", hint) if part)
    return Refusal(400, "bad_parameter", f"{name}: {says}", parameter=name)


def pick_restaurant(found: list[str]) -> str:
    """The only one, "" for none. Raises Refusal (409) if there are several."""
    if len(found) > 1:
        raise Refusal(
            409,
            "several_restaurants",
            f"several restaurants have an order of that id: {', '.join(found)}; "
            "name one of them as the restaurant",
            restaurants=found,
        )
    return found[0] if found else ""
