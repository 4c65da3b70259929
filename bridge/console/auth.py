"""Who may come in: a bearer of the token, a browser that once showed it, the local socket."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from bridge.console import schemas
from bridge.console.problem import Refusal

COOKIE: Final = "pos_bridge_console"
PARAMETER: Final = "token"
OPEN_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics", *schemas.PATHS})
OPEN_FOLDER: Final = "/static/"
NO_TOKEN: Final = "no_token_configured"  # noqa: S105  a word of an answer
# As long as a browser keeps any cookie: a kitchen screen has nobody who could log in again.
_COOKIE_SECONDS: Final = 400 * 86400
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})


class Entry(StrEnum):
    """By which door a request came in."""

    SOCKET = "socket"
    BEARER = "bearer"
    COOKIE = "cookie"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Knows the token, and whether the listener itself is the proof (`trusted`)."""

    token: str | None
    trusted: bool

    def entry(self, request: web.Request) -> Entry | None:
        """The strongest right that the request shows; None if it shows none."""
        if self.trusted:
            return Entry.SOCKET
        if self.opens(_bearer(request.headers)):
            return Entry.BEARER
        if self.is_cookie(request.cookies.get(COOKIE, "")):
            return Entry.COOKIE
        return None

    def opens(self, presented: str) -> bool:
        """True for the token, compared in constant time."""
        return bool(self.token) and _equal(presented, self.token or "")

    def is_cookie(self, presented: str) -> bool:
        return bool(self.token) and _equal(presented, cookie_value(self.token or ""))

    def check(self, request: web.Request) -> None:
        """Raises Refusal: 401 without a right, 403 when another site's page sent a command."""
        if request.path in OPEN_PATHS or request.path.startswith(OPEN_FOLDER):
            return
        entry = self.entry(request)
        if entry is None:
            raise self._refusal()
        if (
            entry is Entry.COOKIE
            and request.method not in _SAFE_METHODS
            and not is_same_origin(request.headers)
        ):
            raise Refusal(
                403,
                "other_origin",
                "with a cookie, commands are taken from this console's own pages only; "
                "programs send Authorization: Bearer <token>",
            )

    def _refusal(self) -> Refusal:
        if not self.token:
            return Refusal(
                401,
                NO_TOKEN,
                "no token is configured for this console, so nobody can open it over the network; "
                "[console] token names one, and a restart takes it up",
            )
        how = "send the console's token as Authorization: Bearer <token>"
        return Refusal(401, "token_needed", how)


GUARD: Final = web.AppKey("guard", Guard)


def entry_of(request: web.Request) -> Entry | None:
    return request.app[GUARD].entry(request)


def cookie_value(token: str) -> str:
    """Proof of the token that does not give it away, and that dies with it."""
    return hmac.new(token.encode(), b"console cookie 1", hashlib.sha256).hexdigest()


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that one of our own pages sent it; silence counts as no."""
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    # Browsers leave that header out on plain http, which is what most kitchens have.
    return urlsplit(headers.get("Origin", "")).netloc.lower() == headers.get("Host", "-").lower()


def admit(request: web.Request) -> web.Response | None:
    """For a page opened with ?token=...: keep the proof as a cookie, hide the token."""
    presented = request.query.get(PARAMETER)
    if presented is None or request.method not in _SAFE_METHODS:
        return None
    guard = request.app[GUARD]
    if not guard.opens(presented):
        return None
    clean = request.rel_url.without_query_params(PARAMETER)
    response = web.Response(status=303, headers={"Location": str(clean)})
    response.set_cookie(
        COOKIE,
        cookie_value(presented),
        max_age=_COOKIE_SECONDS,
        httponly=True,
        samesite="Strict",
        secure=request.secure or request.headers.get("X-Forwarded-Proto") == "https",
    )
    return response


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(
        one.encode("utf-8", "surrogateescape"), other.encode("utf-8", "surrogateescape")
    )
