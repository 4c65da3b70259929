"""Who may call: by an address nobody guesses, and by Basic auth for the hooks that ask for it.

Checked in constant time: every call costs the same comparison, known endpoint or not.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from bridge.ingress.answers import refuse
from bridge.model import Answer
from bridge.sources.bbot import HOOKS, Hook

UNAUTHORIZED = "unauthorized"
CHALLENGE = 'Basic realm="pos-bridge", charset="UTF-8"'


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointAccess:
    """One webhook address; `restaurants` maps the platform's ids to the configured ones.

    `require_basic`: the hooks for which the address alone is not enough.
    """

    id: str
    source: str
    digests: tuple[bytes, ...]
    restaurants: Mapping[str, str]
    require_basic: frozenset[Hook] = HOOKS

    def asks_for_credentials(self, hook: Hook | None) -> bool:
        """For this hook; for None, the address that serves them all: for every one of them."""
        return self.require_basic >= HOOKS if hook is None else hook in self.require_basic


def digest(credentials: bytes) -> bytes:
    """What is kept of "user:password": enough for generated secrets, useless to a reader."""
    return hashlib.sha256(credentials).digest()


def digests(username: str, password: str) -> tuple[bytes, bytes]:
    """Both encodings that clients use for names and passwords beyond ASCII.

    Always two, so that checking them costs the same for every endpoint.
    """
    text = f"{username}:{password}"
    in_utf8 = digest(text.encode())
    try:
        return in_utf8, digest(text.encode("latin-1"))
    except UnicodeEncodeError:
        return in_utf8, in_utf8


_NOBODY = (digest(b"nobody:" + bytes(16)),) * 2


def is_allowed(access: EndpointAccess | None, header: str | None) -> bool:
    """True if the Authorization header carries this endpoint's credentials."""
    given = digest(_credentials(header))
    expected = access.digests if access is not None else _NOBODY
    matches = [hmac.compare_digest(given, one) for one in expected]
    return access is not None and any(matches)


def unauthorized(correlation_id: str) -> Answer:
    """The 401."""
    detail = "send the user and password that were configured for this endpoint"
    return refuse(401, UNAUTHORIZED, detail, correlation_id)


def _credentials(header: str | None) -> bytes:
    scheme, _, value = (header or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
