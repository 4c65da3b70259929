"""The console as a web application: routes, and what holds for all of them."""

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bridge.console import decisions, doctor, health, kitchen, orders, pages, schemas
from bridge.console.auth import GUARD, Guard, admit
from bridge.console.context import CONTEXT, ConsoleContext
from bridge.console.headers import add_headers
from bridge.console.pages import PAGES, Pages
from bridge.console.problem import Refusal, as_problem, from_http
from bridge.console.stream import STREAMS, Streams, stream_tickets
from bridge.ledger import LedgerError

_API = "/api/v1"
_MAX_BODY = 16 * 1024

_log = structlog.get_logger(__name__)


def build(context: ConsoleContext, *, trusted: bool = False) -> web.Application:
    """The console for one listener; `trusted` for a socket that its file mode guards.

    Its open streams end as soon as the application shuts down.
    """
    app = web.Application(middlewares=[_explain, _protect], client_max_size=_MAX_BODY)
    app[CONTEXT] = context
    app[GUARD] = Guard(token=context.token, trusted=trusted)
    app[PAGES] = Pages()
    app[STREAMS] = Streams()
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(app[STREAMS].close)
    app.add_routes(_routes())
    return app


def _routes() -> list[web.AbstractRouteDef]:
    tickets = f"{_API}/kitchen/{{restaurant}}/tickets"
    return [
        web.get("/", pages.show_index),
        web.get("/kitchen/{restaurant}", pages.show_kitchen),
        web.static("/static", pages.STATIC),
        web.get(tickets, kitchen.list_tickets),
        web.get(f"{_API}/kitchen/{{restaurant}}/stream", stream_tickets, allow_head=False),
        web.post(tickets + "/{order_id}/bump", kitchen.bump),
        web.post(tickets + "/{order_id}/recall", kitchen.recall),
        web.get(f"{_API}/orders", orders.list_orders),
        web.get(f"{_API}/orders/{{order_id}}", orders.show_order),
        web.get(f"{_API}/restaurants", orders.list_restaurants),
        web.get(f"{_API}/findings", doctor.show_findings),
        web.post(f"{_API}/{{action:{'|'.join(decisions.ACTIONS)}}}", decisions.decide),
        web.post(f"{_API}/restaurants/{{restaurant}}/pause", decisions.pause),
        web.post(f"{_API}/restaurants/{{restaurant}}/resume", decisions.resume),
        web.post(f"{_API}/restaurants/{{restaurant}}/take-over", decisions.take_over),
        web.get("/healthz", health.show_alive),
        web.get("/readyz", health.show_ready),
        web.get("/metrics", health.show_metrics),
        *(web.get(path, schemas.show_schema) for path in schemas.PATHS),
    ]


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every "no" in one form: a problem document for programs, a page for people."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return _answer(request, refusal)
    except web.HTTPException as error:
        if error.status < web.HTTPBadRequest.status_code:
            raise
        response = _answer(request, from_http(error))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except LedgerError as error:
        return _answer(request, Refusal(503, "ledger_unavailable", str(error)))
    except Exception:  # noqa: BLE001  the last net: logged, and answered in the same form
        _log.exception("console_failed", path=request.path)
        return _answer(request, Refusal(500, "internal_error", "a fault of ours; it is in the log"))


@web.middleware
async def _protect(request: web.Request, handler: Handler) -> web.StreamResponse:
    if not _is_api(request):
        admission = admit(request)
        if admission is not None:
            return admission
    request.app[GUARD].check(request)
    return await handler(request)


def _answer(request: web.Request, refusal: Refusal) -> web.Response:
    if not _is_api(request):
        return pages.show_refusal(request, refusal)
    response = as_problem(refusal)
    if refusal.status == web.HTTPUnauthorized.status_code:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _is_api(request: web.Request) -> bool:
    return request.path.startswith("/api/")
