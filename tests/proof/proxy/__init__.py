"""A wire that fails on purpose: TCP in between, which knows the frames of AMQP."""

from tests.proof.proxy.frames import AmqpFrames, Bytes
from tests.proof.proxy.proxy import Proxy
from tests.proof.proxy.troubles import Cut, Delay, Drip, HalfClose, Hole, Reset, Trouble, Way

__all__ = [
    "AmqpFrames",
    "Bytes",
    "Cut",
    "Delay",
    "Drip",
    "HalfClose",
    "Hole",
    "Proxy",
    "Reset",
    "Trouble",
    "Way",
]
