"""Headers on every answer: nothing foreign runs, nothing is framed, nothing is kept."""

from typing import Final

from aiohttp import web

from bridge.console.auth import OPEN_FOLDER

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Server": "pos-bridge",
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not "no-referrer": with it browsers hide the Origin that commands are checked by.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Runs before the first byte of each answer."""
    response.headers.update(_HEADERS)
    is_file = request.path.startswith(OPEN_FOLDER)
    # Files are asked for again each time and answered 304: an update reaches every screen.
    response.headers.setdefault("Cache-Control", "no-cache" if is_file else "no-store")
