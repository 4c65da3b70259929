"""A desk where people decide, over a real ledger and lane."""

from bridge.ledger.decisions import Demand, Wish
from bridge.worker.desk import Desk, Place
from tests.engine import RESTAURANT, Engine, MemoryPos, a_spec, an_order, placed

ORDER = an_order()


class Poses:
    """The engine's POS, as the worker's thread gives it."""

    def __init__(self, engine):
        self.engine = engine

    async def look_up(self, restaurant, key):
        assert restaurant == RESTAURANT
        return await self.engine.attempts.look_up(key)

    async def pause(self, _restaurant, reason):
        self.engine.pos.pause(reason)

    async def resume(self, _restaurant):
        self.engine.pos.resume()


def put_desk(ledger, clock, terms=None, **spec):
    """A lane with a desk beside it, for a POS of that spec."""
    more = {"terms": terms} if terms else {}
    engine = Engine(ledger, clock, MemoryPos(a_spec(**spec)), **more)
    place = Place(spec=engine.pos_system.spec, terms=engine.terms_of(RESTAURANT)[RESTAURANT])
    engine.desk = Desk(ledger, {RESTAURANT: place}, Poses(engine))
    return engine


async def ask(engine, action, order_id="o1", **more):
    names = {"restaurant", "state", "reason", "operation", "version", "after"} & more.keys()
    wish = Wish(order_id=order_id, **{name: more.pop(name) for name in names})
    demand = Demand(action=action, wish=wish, who="ana", **more)
    return await engine.desk.decide(demand)


async def refusal(engine, action, **more):
    answer = await ask(engine, action, **more)
    assert answer.moved == []
    return answer.refused[-1]["code"]


async def bring(engine, *steps, order=ORDER):
    """To the POS, which answers in these ways."""
    engine.pos_system.script = list(steps)
    await engine.take(placed(order))
    await engine.drain()


async def be_late(engine):
    """Held, because the POS was down until the promise had passed; nothing was sent."""
    engine.pos.pause("closed for a test")
    await engine.take(placed(ORDER))
    engine.clock.pass_time(3600)
    await engine.turn()
    engine.pos.resume()
    assert (await engine.only()).state == "held"
