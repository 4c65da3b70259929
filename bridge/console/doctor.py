"""The JSON behind `pos-bridge doctor`."""

from dataclasses import asdict

from aiohttp import web

from bridge.console.context import context_of
from bridge.console.findings import examine
from bridge.console.problem import as_json
from bridge.ledger import LedgerError, Transaction, checkouts

DAY = 24 * 3600.0


async def show_findings(request: web.Request) -> web.Response:
    """{"findings": [{"level", "subject", "text", "hint"}]}."""
    context = context_of(request)
    waiting = [view.id for view in context.restaurants if view.waits_for_sign]

    def read(tx: Transaction) -> list[str]:
        before = context.now() - DAY
        return [name for name in waiting if checkouts.lacks_signs(tx, name, before)]

    try:
        signless = await context.ledger.read(read)
    except LedgerError:
        signless = []  # its own finding says so
    names = [view.id for view in context.restaurants]
    found = examine(await context.health(), names, signless)
    return as_json({"findings": [asdict(one) for one in found]})
