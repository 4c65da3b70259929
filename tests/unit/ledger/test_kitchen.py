"""How far an order is on the platform's own board, as the kitchen's board shows it."""

from dataclasses import replace

import orjson
import pytest

from bridge.ledger import kitchen
from bridge.model import Ticket
from tests.engine import (
    RESTAURANT,
    START,
    Engine,
    MemoryPos,
    a_spec,
    changed,
    dish,
    later,
    nothing,
    placed,
    refunded,
)

ORDER = replace(nothing(), lines=(dish("Ceviche", 2, 1000, 90), dish("Bread")))


class Board(MemoryPos):
    def translate(self, order, slip):
        body = orjson.dumps({"lines": [line.name for line in order.lines]})
        return Ticket(body=body, content_type="application/json", preview=slip.kind)


@pytest.fixture
def board(ledger, wall):
    return Engine(ledger, wall, Board(a_spec(name="board")))


async def progress(board):
    (ticket,) = await board.ledger.read(lambda tx: kitchen.list_tickets(tx, RESTAURANT, START))
    return ticket["progress"]


async def test_what_waits_is_counted(board):
    await board.take(placed(ORDER))
    await board.drain()
    assert await progress(board) == {"units": 3, "waiting": 3, "closed": False}


async def test_what_is_done_waits_no_more(board):
    await board.take(placed(ORDER))
    await board.drain()
    ceviche, bread = ORDER.lines
    served = replace(bread, units=(replace(bread.units[0], status="done"),))
    await board.take(changed(replace(later(ORDER), lines=(ceviche, served))))
    assert await progress(board) == {"units": 3, "waiting": 2, "closed": False}


async def test_what_was_refunded_whole_is_not_waited_for(board):
    await board.take(placed(ORDER))
    await board.drain()
    await board.take(refunded({"Ceviche-0": (0, 0), "Ceviche-1": (400, 36)}))
    await board.drain()
    assert await progress(board) == {"units": 2, "waiting": 2, "closed": False}


async def test_what_costs_nothing_was_not_refunded(board):
    await board.take(placed(ORDER))
    await board.drain()
    await board.take(refunded({"Ceviche-0": (0, 0), "Bread-0": (0, 0)}))
    await board.drain()
    assert await progress(board) == {"units": 2, "waiting": 2, "closed": False}
