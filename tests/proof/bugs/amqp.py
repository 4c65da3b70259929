"""The broker's end of one AMQP connection: frames in, frames out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from pamqp import commands as spec
from pamqp import frame
from pamqp.body import ContentBody
from pamqp.exceptions import UnmarshalingException
from pamqp.header import ContentHeader, ProtocolHeader
from pamqp.heartbeat import Heartbeat

from tests.proof.bugs.broker import Post, Queue, SimBroker

_LOCKED = 405
_NOT_FOUND = 404
_CAPABILITIES = {"publisher_confirms": True, "basic.nack": True, "consumer_cancel_notify": True}


@dataclass(slots=True, eq=False)
class _Channel:
    session: "Session"
    number: int
    confirms: bool = False
    prefetch: int = 0
    published: Any = field(default_factory=lambda: count(1))
    tags: Any = field(default_factory=lambda: count(1))
    unsettled: dict[int, tuple["_Reader", Queue, Post]] = field(default_factory=dict)
    readers: dict[str, "_Reader"] = field(default_factory=dict)
    incoming: list[Any] = field(default_factory=list)

    def say(self, *frames: Any) -> None:
        self.session.say(self.number, *frames)

    def settle(self, tag: int, *, multiple: bool) -> list[tuple["_Reader", Queue, Post]]:
        tags = [one for one in self.unsettled if one == tag or (multiple and one <= tag)]
        return [self.unsettled.pop(one) for one in tags]

    def end(self) -> None:
        """What was not acknowledged goes back."""
        broker = self.session.broker
        for reader in self.readers.values():
            broker.leave(reader)
        left, self.unsettled = list(self.unsettled.values()), {}
        for _reader, queue, post in left:
            broker.give_back(queue, post)


@dataclass(slots=True, eq=False)
class _Reader:
    channel: _Channel
    tag: str
    out: int = 0

    @property
    def has_room(self) -> bool:
        limit = self.channel.prefetch
        return not limit or self.out < limit

    def deliver(self, queue: Queue, post: Post) -> None:
        tag = next(self.channel.tags)
        self.out += 1
        self.channel.unsettled[tag] = (self, queue, post)
        method = spec.Basic.Deliver(self.tag, tag, post.tries > 1, post.exchange, post.key)
        self.channel.say(method, *_content(post))

    def cancelled(self) -> None:
        self.channel.readers.pop(self.tag, None)
        self.channel.say(spec.Basic.Cancel(self.tag, nowait=True))


class Session:
    """`send` takes bytes for the client, `hang_up` ends the connection."""

    def __init__(
        self, broker: SimBroker, send: Callable[[bytes], None], hang_up: Callable[[], None]
    ) -> None:
        self.broker = broker
        self._send = send
        self._hang_up = hang_up
        self._buffer = b""
        self._channels: dict[int, _Channel] = {}
        self.is_over = False

    def feed(self, data: bytes) -> None:
        """From the client."""
        self._buffer += data
        while self._buffer and not self.is_over:
            try:
                size, number, found = frame.unmarshal(self._buffer)
            except UnmarshalingException:
                return
            self._buffer = self._buffer[size:]
            self._take(number, found)

    def say(self, number: int, *frames: Any) -> None:
        if not self.is_over:
            self._send(b"".join(frame.marshal(one, number) for one in frames))

    def beat(self) -> None:
        self.say(0, Heartbeat())

    def end(self) -> None:
        """However it came to that."""
        if self.is_over:
            return
        self.is_over = True
        for channel in self._channels.values():
            channel.end()
        self.broker.lose(self)

    def _take(self, number: int, found: Any) -> None:
        if number == 0:
            self._greet(found)
        elif isinstance(found, spec.Channel.Open):
            self._channels[number] = _Channel(self, number)
            self.say(number, spec.Channel.OpenOk())
        elif isinstance(found, spec.Channel.Close | spec.Channel.CloseOk):
            self._close_channel(number, found)
        elif number in self._channels:
            self._serve(self._channels[number], found)

    def _close_channel(self, number: int, found: Any) -> None:
        channel = self._channels.pop(number, None)
        if channel is not None:
            channel.end()
        if isinstance(found, spec.Channel.Close):
            self.say(number, spec.Channel.CloseOk())

    def _greet(self, found: Any) -> None:
        match found:
            case ProtocolHeader():
                told = {"capabilities": _CAPABILITIES}
                self.say(0, spec.Connection.Start(server_properties=told, mechanisms="PLAIN"))
            case spec.Connection.StartOk():
                self.say(0, spec.Connection.Tune(2047, 131_072, 10))
            case spec.Connection.Open():
                self.say(0, spec.Connection.OpenOk())
            case spec.Connection.Close():
                self.say(0, spec.Connection.CloseOk())
                self.end()
                self._hang_up()

    def _serve(self, channel: _Channel, found: Any) -> None:
        match found:
            case spec.Basic.Publish() | ContentHeader() | ContentBody():
                self._collect(channel, found)
            case spec.Basic.Ack() | spec.Basic.Nack() | spec.Basic.Reject():
                self._settle(channel, found)
            case spec.Basic.Consume() | spec.Basic.Cancel() | spec.Basic.Qos():
                self._read(channel, found)
            case spec.Confirm.Select():
                channel.confirms = True
                channel.say(spec.Confirm.SelectOk())
            case _:
                self._arrange(channel, found)

    def _arrange(self, channel: _Channel, found: Any) -> None:
        match found:
            case spec.Exchange.Declare():
                self.broker.kinds[found.exchange] = found.exchange_type
                channel.say(spec.Exchange.DeclareOk())
            case spec.Queue.Declare():
                self._declare(channel, found)
            case spec.Queue.Bind():
                self.broker.bind(found.queue, found.exchange, found.routing_key)
                channel.say(spec.Queue.BindOk())
            case spec.Queue.Delete():
                channel.say(spec.Queue.DeleteOk(self.broker.delete(found.queue)))
            case _:
                raise NotImplementedError(f"this broker does not know {found.name}")

    def _declare(self, channel: _Channel, found: Any) -> None:
        owner = self if found.exclusive else None
        queue = self.broker.declare(found.queue, found.arguments or {}, owner)
        if queue is None:
            self._refuse(channel, _LOCKED, f"RESOURCE_LOCKED - {found.queue} is another's", found)
        else:
            channel.say(spec.Queue.DeclareOk(queue.name, len(queue.posts), len(queue.readers)))

    def _read(self, channel: _Channel, found: Any) -> None:
        match found:
            case spec.Basic.Qos():
                channel.prefetch = found.prefetch_count
                channel.say(spec.Basic.QosOk())
            case spec.Basic.Cancel():
                reader = channel.readers.pop(found.consumer_tag, None)
                if reader is not None:
                    self.broker.leave(reader)
                channel.say(spec.Basic.CancelOk(found.consumer_tag))
            case spec.Basic.Consume():
                queue = self.broker.queues.get(found.queue)
                if queue is None:
                    self._refuse(channel, _NOT_FOUND, f"NOT_FOUND - no queue {found.queue}", found)
                    return
                reader = channel.readers[found.consumer_tag] = _Reader(channel, found.consumer_tag)
                channel.say(spec.Basic.ConsumeOk(found.consumer_tag))
                self.broker.read(queue, reader)

    def _refuse(self, channel: _Channel, code: int, sentence: str, found: Any) -> None:
        class_id, method_id = found.index >> 16, found.index & 0xFFFF
        self._channels.pop(channel.number).end()
        channel.say(spec.Channel.Close(code, sentence, class_id, method_id))

    def _collect(self, channel: _Channel, found: Any) -> None:
        """A message comes in pieces."""
        channel.incoming.append(found)
        method, *rest = channel.incoming
        if len(rest) < 1:
            return
        header, *bodies = rest
        body = b"".join(one.value for one in bodies)
        if len(body) < header.body_size:
            return
        channel.incoming.clear()
        post = Post(
            exchange=method.exchange,
            key=method.routing_key,
            properties=header.properties,
            body=body,
        )
        self._accept(channel, post, is_mandatory=method.mandatory)

    def _accept(self, channel: _Channel, post: Post, *, is_mandatory: bool) -> None:
        is_taken = self.broker.publish(post)
        if is_mandatory and not is_taken:
            channel.say(
                spec.Basic.Return(312, "NO_ROUTE", post.exchange, post.key), *_content(post)
            )
        if channel.confirms:
            channel.say(spec.Basic.Ack(next(channel.published)))

    def _settle(self, channel: _Channel, found: Any) -> None:
        multiple = getattr(found, "multiple", False)
        is_kept = not isinstance(found, spec.Basic.Ack) and found.requeue
        for reader, queue, post in channel.settle(found.delivery_tag, multiple=multiple):
            reader.out -= 1
            if is_kept:
                self.broker.give_back(queue, post)
            elif not isinstance(found, spec.Basic.Ack):
                self.broker.bury(queue, post)
            self.broker.turn(queue)


def _content(post: Post) -> tuple[ContentHeader, ContentBody]:
    return ContentHeader(0, len(post.body), post.properties), ContentBody(post.body)
