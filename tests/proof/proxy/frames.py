"""What passes on a wire, one piece after the other: the frames of AMQP 0-9-1, or just bytes."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

# Kind, channel, and how long the payload is; one sign of an end follows that.
_HEAD: Final = struct.Struct(">BHI")
_METHOD: Final = struct.Struct(">HH")
_END: Final = 0xCE
# What a client says first, before any frame: AMQP, and the version.
_GREETING: Final = b"AMQP"
_GREETING_SIZE: Final = 8
_IS_METHOD: Final = 1
_KINDS: Final = {2: "header", 3: "body", 8: "heartbeat"}
_METHODS: Final = {
    (10, 10): "connection.start",
    (10, 11): "connection.start-ok",
    (10, 30): "connection.tune",
    (10, 31): "connection.tune-ok",
    (10, 40): "connection.open",
    (10, 41): "connection.open-ok",
    (10, 50): "connection.close",
    (10, 51): "connection.close-ok",
    (10, 60): "connection.blocked",
    (10, 61): "connection.unblocked",
    (20, 10): "channel.open",
    (20, 11): "channel.open-ok",
    (20, 40): "channel.close",
    (20, 41): "channel.close-ok",
    (50, 10): "queue.declare",
    (50, 11): "queue.declare-ok",
    (60, 10): "basic.qos",
    (60, 20): "basic.consume",
    (60, 40): "basic.publish",
    (60, 50): "basic.return",
    (60, 60): "basic.deliver",
    (60, 80): "basic.ack",
    (60, 90): "basic.reject",
    (60, 120): "basic.nack",
    (85, 10): "confirm.select",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """`name` is that of the protocol, such as basic.ack; `raw` is the whole of it."""

    name: str
    raw: bytes
    channel: int = 0


class Splitter(Protocol):
    """One direction of one connection."""

    def feed(self, data: bytes) -> list[Frame]:
        """What is whole by now."""
        ...


class Bytes:
    """Whatever comes is one piece."""

    def feed(self, data: bytes) -> list[Frame]:
        return [Frame(name="bytes", raw=data)]


class AmqpFrames:
    """Nothing is given out before the whole frame is there."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Raises ValueError for what is no AMQP."""
        self._rest += data
        return list(self._take())

    def _take(self) -> Iterator[Frame]:
        while size := self._size():
            raw = bytes(self._rest[:size])
            del self._rest[:size]
            yield _read(raw)

    def _size(self) -> int:
        """Of the first one; 0 if it is not whole."""
        rest = self._rest
        if rest.startswith(_GREETING):
            size = _GREETING_SIZE
        elif len(rest) < _HEAD.size:
            return 0
        else:
            size = _HEAD.size + _HEAD.unpack_from(rest)[2] + 1
        return size if len(rest) >= size else 0


def _read(raw: bytes) -> Frame:
    if raw.startswith(_GREETING):
        return Frame(name="greeting", raw=raw)
    if raw[-1] != _END:
        raise ValueError(f"a frame of AMQP does not end with {raw[-1]:#x}")
    kind, channel, _size = _HEAD.unpack_from(raw)
    return Frame(name=_name(kind, raw), raw=raw, channel=channel)


def _name(kind: int, raw: bytes) -> str:
    if kind != _IS_METHOD:
        return _KINDS.get(kind, f"kind {kind}")
    number = _METHOD.unpack_from(raw, _HEAD.size)
    return _METHODS.get(number, "method {}.{}".format(*number))
