"""A kitchen screen: real Chromium, real console, real ledger."""

import os
import shutil
import time

import pytest
from aiohttp import web
from playwright.async_api import async_playwright

from bridge.console import ConsoleContext, RestaurantView, build
from bridge.ledger import Ledger
from bridge.telemetry import Metrics
from tests.kitchen import Kitchen

TOKEN = "a-token-for-tests"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = "no Chromium here: install it (Debian: apt install chromium) to run the browser tests"


class Server:
    """The console on one port, to be stopped and started again."""

    def __init__(self, ledger):
        self._context = ConsoleContext(
            ledger=ledger,
            restaurants=(
                RestaurantView(id="lopez", name="Lopez", adapter="board", timezone="Asia/Tokyo"),
            ),
            token=TOKEN,
            metrics=Metrics(),
            health=self._health,
            now=time.time,
        )
        self._runner = None
        self._port = 0

    async def start(self):
        self._runner = web.AppRunner(build(self._context), access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self):
        await self._runner.cleanup()

    @property
    def address(self):
        return f"http://127.0.0.1:{self._port}/kitchen/lopez?token={TOKEN}"

    async def _health(self):
        return {"ready": True, "restaurants": {}}


@pytest.fixture
async def kitchen(tmp_path):
    ledger = await Ledger.open(tmp_path)
    yield Kitchen(ledger)
    ledger.close()


@pytest.fixture
async def server(kitchen):
    server = Server(kitchen.ledger)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def browser():
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=[*FLAGS])
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser, server):
    """The board, opened by its token; a fault in its scripts fails the test."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    await page.goto(server.address)
    yield page
    await context.close()
    assert faults == []
