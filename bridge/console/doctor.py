"""The JSON behind `pos-bridge doctor`."""

from dataclasses import asdict

from aiohttp import web

from bridge.console.context import context_of
from bridge.console.findings import Facts, examine
from bridge.console.problem import as_json
from bridge.ledger import LedgerError, Transaction, checkouts
from bridge.ledger.bounces import list_bounced
from bridge.ledger.misread import list_misread
from bridge.ledger.questions import count_asked
from bridge.ledger.unplaced import WEEK, list_unplaced

DAY = 24 * 3600.0


async def show_findings(request: web.Request) -> web.Response:
    """{"findings": [{"level", "subject", "text", "hint"}]}."""
    context = context_of(request)
    waiting = [view.id for view in context.restaurants if view.waits_for_sign]

    def read(tx: Transaction) -> Facts:
        before = context.now() - DAY
        return Facts(
            signless=[name for name in waiting if checkouts.lacks_signs(tx, name, before)],
            unplaced=list_unplaced(tx, context.now() - WEEK),
            misread=list_misread(tx, before),
            unasked=[view.id for view in context.restaurants if view.quotes_in_vain],
            asked=count_asked(tx),
            bounced=list_bounced(tx),
        )

    try:
        facts = await context.ledger.read(read)
    except LedgerError:
        facts = Facts()  # its own finding says so
    names = [view.id for view in context.restaurants]
    found = examine(await context.health(), names, facts)
    return as_json({"findings": [asdict(one) for one in found]})
