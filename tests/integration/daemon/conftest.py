"""The real daemon in the process of the test."""

import asyncio
import threading
from functools import partial

import pytest

from bridge.broker import Link
from bridge.daemon import Role
from tests.daemons import PATIENCE
from tests.daemons import a_config as make_config
from tests.integration.daemon.halves import bridge


class Blockade:
    """A vendor's call that keeps its thread until the test lets it go on."""

    def __init__(self):
        self.begun, self.may_go_on = threading.Event(), threading.Event()

    def __call__(self):
        self.begun.set()
        self.may_go_on.wait(PATIENCE)


@pytest.fixture
def a_config(tmp_path):
    return partial(make_config, tmp_path)


@pytest.fixture
def block():
    block = Blockade()
    yield block
    block.may_go_on.set()


@pytest.fixture
def start(stack, tmp_path):
    """Starts a bridge; those of one name have one ledger."""

    async def start(broker, name, prefix, role=Role.ALL, **more):
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        return await stack.enter_async_context(
            bridge(directory, broker, prefix=prefix, role=role, **more)
        )

    return start


@pytest.fixture
async def connection(broker, stack):
    link = Link([broker.url], "test")
    task = asyncio.create_task(link.run())

    async def end():
        await link.close()
        await task

    stack.push_async_callback(end)
    await link.wait_up()
    return link.connection
