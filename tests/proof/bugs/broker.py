"""A broker in memory: exchanges, queues that keep their places, and what may happen to them.

What it knows of RabbitMQ is what the bridge uses: quorum queues with a delivery limit, dead
letters, one active consumer, exclusive queues that go with their connection.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Protocol

LIMIT = "x-delivery-limit"
DEAD = "x-dead-letter-exchange"
SINGLE = "x-single-active-consumer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A message in a queue: `place` keeps its order there, `tries` counts deliveries."""

    exchange: str
    key: str
    properties: Any
    body: bytes
    place: int = 0
    tries: int = 0


class Reader(Protocol):
    """A consumer, at the far end of a channel."""

    @property
    def has_room(self) -> bool: ...

    def deliver(self, queue: "Queue", post: Post) -> None: ...

    def cancelled(self) -> None:
        """The queue is gone."""


@dataclass(slots=True, eq=False)
class Queue:
    """`owner` is the connection that an exclusive queue belongs to."""

    name: str
    arguments: dict[str, Any]
    owner: object | None = None
    posts: deque[Post] = field(default_factory=deque)
    readers: list[Reader] = field(default_factory=list)
    turn: int = 0


class SimBroker:
    """What is durable here outlives every connection; `wipe` and `delete` are its accidents."""

    def __init__(self) -> None:
        self.kinds: dict[str, str] = {}
        self.queues: dict[str, Queue] = {}
        self._bound: dict[tuple[str, str], set[str]] = {}
        self._places = count(1)

    def declare(self, name: str, arguments: dict[str, Any], owner: object | None) -> Queue | None:
        """None if it belongs to another connection."""
        queue = self.queues.setdefault(name, Queue(name, arguments, owner))
        return queue if queue.owner in {None, owner} else None

    def bind(self, queue: str, exchange: str, key: str) -> None:
        self._bound.setdefault((exchange, key), set()).add(queue)

    def unbind(self, exchange: str, key: str) -> None:
        self._bound.pop((exchange, key), None)

    def publish(self, post: Post) -> bool:
        """False if no queue takes it."""
        is_direct = self.kinds.get(post.exchange) == "direct"
        names = {
            name
            for (exchange, key), bound in self._bound.items()
            if exchange == post.exchange and (key == post.key or not is_direct)
            for name in bound
        }
        found = [self.queues[name] for name in sorted(names & self.queues.keys())]
        for queue in found:
            queue.posts.append(replace(post, place=next(self._places), tries=0))
            self.turn(queue)
        return bool(found)

    def read(self, queue: Queue, reader: Reader) -> None:
        queue.readers.append(reader)
        self.turn(queue)

    def leave(self, reader: Reader) -> None:
        for queue in list(self.queues.values()):
            if reader in queue.readers:
                queue.readers.remove(reader)
                self.turn(queue)

    def give_back(self, queue: Queue, post: Post) -> None:
        """In its place; what came back too often is dead."""
        if self.queues.get(queue.name) is not queue:
            return
        if post.tries > queue.arguments.get(LIMIT, float("inf")):
            self.bury(queue, post)
            return
        before = [one for one in queue.posts if one.place < post.place]
        queue.posts.insert(len(before), post)
        self.turn(queue)

    def bury(self, queue: Queue, post: Post) -> None:
        exchange = queue.arguments.get(DEAD)
        if exchange:
            self.publish(replace(post, exchange=exchange))

    def turn(self, queue: Queue) -> None:
        """Give out what somebody has room for."""
        while queue.posts and (reader := self._next(queue)) is not None:
            post = queue.posts.popleft()
            reader.deliver(queue, replace(post, tries=post.tries + 1))

    def _next(self, queue: Queue) -> Reader | None:
        able = queue.readers[:1] if queue.arguments.get(SINGLE) else queue.readers
        return next((reader for reader in able if reader.has_room), None)

    def lose(self, owner: object) -> None:
        """A connection has ended: its exclusive queues go with it."""
        for queue in [one for one in self.queues.values() if one.owner is owner]:
            self.delete(queue.name)

    def delete(self, name: str) -> int:
        """With all that is in it."""
        queue = self.queues.pop(name, None)
        if queue is None:
            return 0
        for reader in queue.readers:
            reader.cancelled()
        for bound in self._bound.values():
            bound.discard(name)
        return len(queue.posts)

    def empty(self, is_meant: Callable[[str], bool]) -> int:
        """Forget what is in these queues: a disk was lost. How many messages that were."""
        lost = 0
        for queue in self.queues.values():
            if is_meant(queue.name):
                lost += len(queue.posts)
                queue.posts.clear()
        return lost
