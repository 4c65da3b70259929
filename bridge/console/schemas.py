"""What the bridge speaks, described for programs. It holds no secret, so nobody is asked."""

from pathlib import Path
from typing import Final

from aiohttp import web

_FOLDER: Final = Path(__file__).parents[1] / "schemas"
PATHS: Final = {
    "/openapi.json": _FOLDER / "openapi.json",
    "/schemas/messages.json": _FOLDER / "messages.json",
}


async def show_schema(request: web.Request) -> web.FileResponse:
    return web.FileResponse(PATHS[request.path])
