"""What must exist at the broker, as data, and how it is declared."""

from collections.abc import Sequence
from dataclasses import dataclass

from aio_pika.abc import AbstractChannel, AbstractQueue

from bridge.broker.dial import Connection
from bridge.broker.guard import BrokerError, Refused, call
from bridge.broker.names import Names

DECLARE_LIMIT = 5.0
_OTHER_ARGUMENTS = 406
# 4.x drops silently after 20 without it; 3.10 puts a returned message at the back without it.
DELIVERY_LIMIT = 10_000
# Older than that, a pulse says nothing any more.
PULSE_LIFE_MS = 15_000

Arguments = tuple[tuple[str, str | int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """`binding` is (exchange, key), or None."""

    name: str
    arguments: Arguments = ()
    binding: tuple[str, str] | None = None
    exclusive: bool = False


Item = Exchange | Queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`name` could not be declared; `sentence` is the broker's own, `code` its number or 0."""

    name: str
    sentence: str
    code: int = 0


def exchanges(names: Names) -> tuple[Exchange, ...]:
    """None has an alternate exchange: what cannot be routed must come back."""
    return (
        Exchange(name=names.dead, kind="fanout"),
        Exchange(name=names.orders, kind="direct"),
        Exchange(name=names.outcomes, kind="direct"),
        Exchange(name=names.availability, kind="fanout"),
    )


def orders_queue(names: Names, restaurant: str) -> Queue:
    """Single active consumer is the second line behind the worker's lock."""
    return Queue(
        name=names.orders_queue(restaurant),
        arguments=(*_safe(names), ("x-single-active-consumer", True)),
        binding=(names.orders, restaurant),
    )


def outcomes_queue(names: Names, ingress: str) -> Queue:
    """Bound to an exchange of ours, not to the default one.

    The default exchange would need the permission to write to every queue of the virtual host;
    this way the permission for one prefix is enough.
    """
    return Queue(
        name=names.outcomes_queue(ingress),
        arguments=_safe(names),
        binding=(names.outcomes, ingress),
    )


def dead_queue(names: Names) -> Queue:
    return Queue(name=names.dead_queue, arguments=_quorum(names), binding=(names.dead, ""))


def availability_queue(names: Names, listener: str) -> Queue:
    return Queue(
        name=names.availability_queue(listener),
        arguments=(("x-message-ttl", PULSE_LIFE_MS),),
        binding=(names.availability, ""),
        exclusive=True,
    )


def lock_queue(names: Names, restaurant: str) -> Queue:
    return Queue(name=names.lock_queue(restaurant), exclusive=True)


def worker_items(names: Names, restaurants: Sequence[str]) -> tuple[Item, ...]:
    """All that a worker needs and that outlives its connection."""
    queues = (orders_queue(names, restaurant) for restaurant in restaurants)
    return (*exchanges(names), dead_queue(names), *queues)


def ingress_items(names: Names, ingress: str, restaurants: Sequence[str]) -> tuple[Item, ...]:
    """The same as for a worker, which may start later, and the way back."""
    return (*worker_items(names, restaurants), outcomes_queue(names, ingress))


async def declare(connection: Connection | None, items: Sequence[Item]) -> tuple[Problem, ...]:
    """Declares what it can; what it cannot comes back as data, in the order of `items`."""
    problems = []
    for item in items:
        problem = await _declare_one(connection, item)
        if problem is not None:
            problems.append(problem)
    return tuple(problems)


async def _declare_one(connection: Connection | None, item: Item) -> Problem | None:
    if connection is None:
        return Problem(name=item.name, sentence="there is no connection to the broker")
    try:
        await call(_on_a_channel_of_its_own(connection, item), limit=DECLARE_LIMIT)
    except Refused as refusal:
        sentence = refusal.sentence
        if refusal.code == _OTHER_ARGUMENTS and isinstance(item, Queue):
            sentence += await _bind_as_it_is(connection, item)
        return Problem(name=item.name, sentence=sentence, code=refusal.code)
    except BrokerError as error:
        return Problem(name=item.name, sentence=str(error))
    return None


async def _bind_as_it_is(connection: Connection, item: Queue) -> str:
    """A queue of other arguments carries messages all the same; returns what went wrong."""
    try:
        await call(_bind_only(connection, item), limit=DECLARE_LIMIT)
    except BrokerError as error:
        return f"; nor can it be bound: {error}"
    return ""


async def _bind_only(connection: Connection, item: Queue) -> None:
    async with connection.channel(publisher_confirms=False) as channel:
        await _bind(await channel.get_queue(item.name, ensure=False), item)


async def _on_a_channel_of_its_own(connection: Connection, item: Item) -> None:
    # A refusal closes its channel; nothing else may live on it.
    async with connection.channel(publisher_confirms=False) as channel:
        if isinstance(item, Exchange):
            await channel.declare_exchange(item.name, item.kind, durable=True)
        else:
            await declare_queue(channel, item)


async def declare_queue(channel: AbstractChannel, item: Queue) -> None:
    """Exclusive queues die with their connection; all others are durable."""
    queue = await channel.declare_queue(
        item.name,
        durable=not item.exclusive,
        exclusive=item.exclusive,
        auto_delete=item.exclusive,
        arguments=dict(item.arguments),
    )
    await _bind(queue, item)


async def _bind(queue: AbstractQueue, item: Queue) -> None:
    if item.binding is not None:
        exchange, key = item.binding
        await queue.bind(exchange, key)


def _quorum(names: Names) -> Arguments:
    kind: Arguments = (("x-queue-type", "quorum"), ("x-delivery-limit", DELIVERY_LIMIT))
    if not names.idle_expiry:
        return kind
    return (*kind, ("x-expires", names.idle_expiry * 1000))


def _safe(names: Names) -> Arguments:
    return (
        *_quorum(names),
        ("x-dead-letter-exchange", names.dead),
        ("x-dead-letter-strategy", "at-least-once"),
        # At-least-once dead-lettering is silently not done without it.
        ("x-overflow", "reject-publish"),
    )
