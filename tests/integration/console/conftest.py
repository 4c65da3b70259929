import pytest

from tests.console import a_console


@pytest.fixture
async def console(tmp_path):
    async with a_console(tmp_path) as console:
        yield console
