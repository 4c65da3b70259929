"""Bbot's webhooks: its words stop here, everything further in speaks `bridge.model`."""

from bridge.sources.bbot.decode import Decoded, decode, decode_document
from bridge.sources.bbot.errors import DecodeError
from bridge.sources.bbot.hook import HOOKS, Hook, recognise
from bridge.sources.bbot.sample import sample

__all__ = [
    "HOOKS",
    "DecodeError",
    "Decoded",
    "Hook",
    "decode",
    "decode_document",
    "recognise",
    "sample",
]
