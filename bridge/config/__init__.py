"""The configuration: read, checked, every error at once, secrets only by reference."""

from bridge.config.description import describe
from bridge.config.kinds import Address
from bridge.config.problem import ConfigErrors, Problem, Severity
from bridge.config.reader import Examined, check, examine, read
from bridge.config.restaurant import Restaurant
from bridge.config.role import Role, lacks
from bridge.config.secret import Secret
from bridge.config.settings import (
    Broker,
    Config,
    Console,
    Endpoint,
    Ingress,
    Ledger,
    Log,
)

__all__ = [
    "Address",
    "Broker",
    "Config",
    "ConfigErrors",
    "Console",
    "Endpoint",
    "Examined",
    "Ingress",
    "Ledger",
    "Log",
    "Problem",
    "Restaurant",
    "Role",
    "Secret",
    "Severity",
    "check",
    "describe",
    "examine",
    "lacks",
    "read",
]
