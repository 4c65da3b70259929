"""An order that is paid for, and what came of its refunds."""

from dataclasses import replace

from bridge.adapter import Capability
from tests.engine import MemoryPos, a_spec, dish, nothing

FULL = (1000, 90)


def of(*lines, **more):
    return replace(nothing(**more), lines=lines)


ORDER = of(dish("Ceviche", 2, *FULL), dish("Soup", 1, 500, 45))
ALL = {"Ceviche-0": FULL, "Ceviche-1": FULL, "Soup-0": (500, 45)}
TEA = of(dish("Tea", 1, 300, 27), order_id="o2")


class BookingPos(MemoryPos):
    """Books refunds itself."""

    def __init__(self):
        super().__init__(a_spec(capabilities=frozenset({Capability.REFUND})))
        self.refunds = []

    async def refund(self, ticket, key, pos_ref):
        self.refunds.append((ticket, pos_ref))
        return self.take(ticket, key)


def called(word, order):
    """The same with every unit in that state."""
    lines = [
        replace(line, units=tuple(replace(unit, status=word) for unit in line.units))
        for line in order.lines
    ]
    return replace(order, lines=tuple(lines))


async def amounts(engine, order_id=None):
    rows = await engine.rows(order_id)
    return [row.amount_cents for row in rows if row.operation == "refund"]


async def tasks(engine):
    """What the operator is told to do."""
    await engine.drain()
    return [row.cause for row in await engine.rows() if (row.state, row.timer) == ("held", "task")]


async def slips(engine):
    book = await engine.book()
    return [one.slip for one in book.deliveries if one.operation == "refund"]
