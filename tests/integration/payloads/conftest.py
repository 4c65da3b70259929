"""One daemon for all: each test has a restaurant of its own, so that ids need not differ."""

import aiohttp
import pytest
import pytest_asyncio

from tests.daemons import a_config, running
from tests.integration.payloads.house import (
    LUNCH,
    ODD,
    ON_COMMIT,
    OTHER,
    SAMPLES,
    SMALL,
    House,
    Site,
    lay_out,
)

# Of each kind: the platform's id, how many tests may have one, and what is configured.
WISHES = {
    SAMPLES: (SAMPLES, 260, {"promotions": [LUNCH]}),
    SMALL: (SMALL, 150, {}),
    OTHER: (OTHER, 4, {}),
    ODD: (ODD, 4, {}),
    ON_COMMIT: (SAMPLES, 8, {"release": "on_commit"}),
}


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def site(tmp_path_factory):
    config, names = lay_out(tmp_path_factory.mktemp("payloads"), WISHES, a_config)
    async with running(config) as (_daemon, ready, _task), aiohttp.ClientSession() as client:
        yield Site(config, ready.ingress, ready.console, client), names


@pytest.fixture
def house(site):
    """Opens a restaurant of that kind that nobody has called yet."""
    place, names = site

    def open_one(kind=SAMPLES):
        assert names[kind], f"more tests than WISHES has restaurants of the kind {kind}"
        return House(place, names[kind].pop())

    return open_one
