from contextlib import AsyncExitStack

import pytest


@pytest.fixture
async def stack():
    """What is entered here ends with the test."""
    async with AsyncExitStack() as stack:
        yield stack
