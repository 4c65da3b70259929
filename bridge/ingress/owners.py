"""Whose restaurant a call is about."""

from collections.abc import Callable
from typing import NamedTuple

from bridge.ingress.auth import EndpointAccess


class Disowned(NamedTuple):
    """Why a restaurant is not this endpoint's: status, code and words of a refusal."""

    status: int
    code: str
    detail: str


FOREIGN = Disowned(
    403,
    "foreign_restaurant",
    "that restaurant belongs to another endpoint; give the platform that one's address for it",
)
UNKNOWN = Disowned(
    422,
    "unknown_restaurant",
    "restaurant_id names no restaurant here; its file must have it as bbot_id",
)


class Owners:
    """`is_known` says whether the platform's id is that of any restaurant of this bridge."""

    def __init__(self, is_known: Callable[[str], bool]) -> None:
        self._is_known = is_known

    def find(self, endpoint: EndpointAccess, given: str) -> str | Disowned:
        """The configured restaurant behind the platform's id, or why it has none here."""
        owner = endpoint.restaurants.get(given)
        if owner is not None:
            return owner
        return FOREIGN if self._is_known(given) else UNKNOWN
