"""The simulator against a daemon with two restaurants and a promo code, in one process."""

import pytest

from bridge.config import Endpoint, Secret
from bridge.testing.codes import Code
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
def adapter():
    return "fake"


@pytest.fixture
def config(tmp_path, pos, adapter):
    promotion = {"code": "WELCOME", "name": "Welcome", "percent": 10, "once_per": "guest"}
    wish = {"adapter": adapter, "settings": {"url": pos.url}, "promotions": [promotion]}
    endpoint = Endpoint(
        id=ENDPOINT, username=USER, password=Secret.of(PASSWORD), restaurants=RESTAURANTS
    )
    return a_config(
        tmp_path,
        endpoints=(endpoint,),
        restaurants=tuple(a_restaurant(id=name, name=name, **wish) for name in RESTAURANTS),
    )


@pytest.fixture
async def summary(config, pos):
    """What came of an evening."""
    async with running(config) as (_daemon, ready, _task):
        yield await simulate(
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
                codes=(Code.read("WELCOME=10%/guest"),),
                quirks=0.1,
                is_busy=True,
                witness=Witness(
                    console=ready.console,
                    token=config.console.token.reveal(),
                    pos=(pos.control_url,),
                ),
            )
        )


async def test_guests_with_codes_at_two_restaurants_get_what_they_were_shown(summary, pos):
    assert summary.is_good, summary.as_text()
    assert summary.codes["pricecheck"]["200 with a discount"] > 20
    assert len(summary.accepted) > 75
    audit = summary.audit
    assert sum(audit["tickets"].values()) == len(pos.tickets) + len(pos.refunds)
    assert audit["booked_refunds"] == audit["tickets"]["refund"] == len(pos.refunds) > 5
    cents = sum(refund.amount_cents for refund in pos.refunds)
    assert audit["booked_cents"] == audit["refunded_cents"] == cents
    assert audit["operator_tasks"] == 0


@pytest.mark.parametrize("adapter", ["fake-blind"])
async def test_where_the_pos_takes_no_refunds_people_are_asked_for_every_cent(summary, pos):
    assert summary.is_good, summary.as_text()
    audit = summary.audit
    assert (audit["booked_refunds"], pos.refunds) == (0, [])
    assert audit["operator_tasks"] > 0
    assert audit["refunded_cents"] > 0
