"""Everything that speaks to RabbitMQ: the only home of aio-pika."""

from bridge.broker.address import Address, BadAddress, parse_address
from bridge.broker.consumer import BadHandler, Consumer, End
from bridge.broker.envelope import (
    Envelope,
    EnvelopeError,
    Message,
    json_schemas,
    seal,
    unseal,
)
from bridge.broker.hearing import Hearing
from bridge.broker.lines import Lines
from bridge.broker.link import Link, LinkState
from bridge.broker.lock import Lock, LockState
from bridge.broker.names import Names, Target
from bridge.broker.publisher import Publisher, PublishResult
from bridge.broker.received import Received
from bridge.broker.topology import (
    Exchange,
    Problem,
    Queue,
    availability_queue,
    dead_queue,
    declare,
    exchanges,
    ingress_items,
    lock_queue,
    orders_queue,
    outcomes_queue,
    worker_items,
)

__all__ = [
    "Address",
    "BadAddress",
    "BadHandler",
    "Consumer",
    "End",
    "Envelope",
    "EnvelopeError",
    "Exchange",
    "Hearing",
    "Lines",
    "Link",
    "LinkState",
    "Lock",
    "LockState",
    "Message",
    "Names",
    "Problem",
    "PublishResult",
    "Publisher",
    "Queue",
    "Received",
    "Target",
    "availability_queue",
    "dead_queue",
    "declare",
    "exchanges",
    "ingress_items",
    "json_schemas",
    "lock_queue",
    "orders_queue",
    "outcomes_queue",
    "parse_address",
    "seal",
    "unseal",
    "worker_items",
]
