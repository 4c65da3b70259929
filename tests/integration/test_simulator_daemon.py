"""The simulator against a daemon with two restaurants and a promo code, in one process."""

import pytest

from bridge.config import Endpoint, Secret
from bridge.testing.fake_pos import FakePos
from bridge.testing.guests import Mix
from bridge.testing.simulator import Simulation, simulate
from bridge.testing.witness import Witness
from tests.daemons import ENDPOINT, PASSWORD, USER, a_config, a_restaurant, running

RESTAURANTS = ("north", "south")
MIX = Mix(pairs=0.5, codes=0.7, failures=0.2, same_order=0, refunds=0.2, edits=0.2)


@pytest.fixture
async def pos():
    async with FakePos() as pos:
        yield pos


@pytest.fixture
def config(tmp_path, pos):
    promotion = {"code": "WELCOME", "name": "Welcome", "percent": 10, "once_per": "guest"}
    wish = {"adapter": "fake", "settings": {"url": pos.url}, "promotions": [promotion]}
    endpoint = Endpoint(
        id=ENDPOINT, username=USER, password=Secret.of(PASSWORD), restaurants=RESTAURANTS
    )
    return a_config(
        tmp_path,
        endpoints=(endpoint,),
        restaurants=tuple(a_restaurant(id=name, name=name, **wish) for name in RESTAURANTS),
    )


async def test_guests_with_codes_at_two_restaurants_get_what_they_were_shown(config, pos):
    async with running(config) as (_daemon, ready, _task):
        summary = await simulate(
            Simulation(
                url=ready.ingress,
                endpoint=ENDPOINT,
                username=USER,
                password=PASSWORD,
                restaurants=RESTAURANTS,
                orders=60,
                rate=20,
                seed=5,
                hooks="all",
                mix=MIX,
                codes=("WELCOME",),
                quirks=0.1,
                witness=Witness(
                    console=ready.console, token=config.console.token.reveal(), pos=pos.control_url
                ),
            )
        )

    assert summary.is_good, summary.as_text()
    assert summary.codes["pricecheck"]["200 with a discount"] > 20
    assert sum(summary.audit["tickets"].values()) == len(pos.tickets)
    assert len(summary.accepted) > 75
