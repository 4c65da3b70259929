"""What the numbers were measured on; without it they say nothing."""

import asyncio
import os
import platform
from importlib.metadata import version

import aio_pika

PACKAGES = ("pos-bridge", "aiohttp", "aio-pika", "aiormq", "orjson", "pydantic")


def describe(broker=""):
    """Cores, load, versions; the server's version where a broker is used."""
    facts = {
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }
    if broker:
        facts["rabbitmq"] = asyncio.run(_server_version(broker))
    return facts


async def _server_version(url):
    async with await aio_pika.connect(url) as connection:
        properties = connection.transport.connection.server_properties
    found = properties.get("version", "unknown")
    return found.decode() if isinstance(found, bytes) else str(found)
