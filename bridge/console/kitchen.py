"""The JSON behind the kitchen board: its tickets, bump and recall."""

from typing import Any

import orjson
from aiohttp import web

from bridge.console.context import context_of
from bridge.console.problem import Refusal, as_json
from bridge.ledger import Transaction, kitchen


async def list_tickets(request: web.Request) -> web.Response:
    context = context_of(request)
    view = await context.find_kitchen(request.match_info["restaurant"])
    now = context.now()
    tickets = await context.ledger.read(lambda tx: kitchen.list_tickets(tx, view.id, now))
    return as_json({"tickets": tickets})


async def bump(request: web.Request) -> web.Response:
    """Done with it. The version says what the cook saw: 409 if the board shows another."""
    return await _mark(request, bumped=True)


async def recall(request: web.Request) -> web.Response:
    """Back on the board; asking twice is no error."""
    return await _mark(request, bumped=False)


async def _mark(request: web.Request, *, bumped: bool) -> web.Response:
    context = context_of(request)
    restaurant = (await context.find_kitchen(request.match_info["restaurant"])).id
    order_id = request.match_info["order_id"]
    version = read_version(await request.read())
    now = context.now()

    def mark(tx: Transaction) -> int:
        shown = _shown_version(tx, restaurant, order_id, version)
        if bumped:
            kitchen.bump(tx, restaurant, order_id, shown, now)
        else:
            kitchen.recall(tx, restaurant, order_id)
        return shown

    shown = await context.ledger.write(mark)
    return as_json({"order_id": order_id, "version": shown, "bumped": bumped})


def _shown_version(tx: Transaction, restaurant: str, order_id: str, version: int | None) -> int:
    shown = kitchen.newest_version(tx, restaurant, order_id)
    if shown is None:
        raise Refusal(
            404,
            "no_ticket",
            f"the board of {restaurant} has no ticket of order {order_id!r}",
        )
    if version not in {None, shown}:
        raise Refusal(
            409,
            "ticket_changed",
            f"the board shows version {shown} of this ticket, not {version}: look at it again",
            version=shown,
        )
    return shown


def read_version(body: bytes) -> int | None:
    """From an optional JSON object {"version": n}. Raises Refusal (400)."""
    if not body.strip():
        return None
    try:
        document: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, "bad_json", f"the body is not JSON: {error}") from error
    version = document.get("version") if isinstance(document, dict) else document
    if isinstance(document, dict) and version is None:
        return None
    if not isinstance(document, dict) or type(version) is not int:
        raise Refusal(400, "bad_version", 'the body may be {"version": n} with a whole number')
    return version
