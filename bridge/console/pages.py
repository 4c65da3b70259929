"""Pages made on the server: the shell of a kitchen screen, the index, and every "no"."""

import hashlib
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bridge.console.auth import NO_TOKEN
from bridge.console.context import context_of
from bridge.console.problem import Refusal

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"
_TEMPLATES: Final = _HERE / "templates"


class Pages:
    """Renders templates. `stamp` names this version of the pages: old screens reload."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.stamp = _stamp()

    def render(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        text = self._environment.get_template(template).render(stamp=self.stamp, **values)
        return web.Response(status=status, text=text, content_type="text/html")


PAGES: Final = web.AppKey("pages", Pages)


async def show_index(request: web.Request) -> web.Response:
    """Links to the kitchen screens, with what is known of each POS."""
    context = context_of(request)
    known = (await context.health()).get("restaurants", {})
    rows = [(view, known.get(view.id, {}).get("state", "")) for view in context.restaurants]
    return request.app[PAGES].render("index.html", rows=rows)


async def show_kitchen(request: web.Request) -> web.Response:
    """The board; for a restaurant with a POS of its own, where its tickets are."""
    view = await context_of(request).find_kitchen(request.match_info["restaurant"])
    template = "kitchen.html" if view.has_board else "elsewhere.html"
    return request.app[PAGES].render(template, restaurant=view)


def show_refusal(request: web.Request, refusal: Refusal) -> web.Response:
    """The same facts as the problem document, for a person in front of a screen."""
    is_asked = refusal.status == web.HTTPUnauthorized.status_code
    template = "entry.html" if is_asked else "no.html"
    if refusal.code == NO_TOKEN:
        template = "closed.html"
    return request.app[PAGES].render(
        template, status=refusal.status, refusal=refusal, path=request.path
    )


def _stamp() -> str:
    digest = hashlib.sha256()
    for path in sorted([*STATIC.iterdir(), *_TEMPLATES.iterdir()]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
