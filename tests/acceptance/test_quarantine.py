"""An order whose handling ends with the worker's death, again and again, through RabbitMQ."""

import pytest

from tests.acceptance.demo import wait_for
from tests.acceptance.documents import an_order
from tests.acceptance.split import Split

pytestmark = pytest.mark.broker


@pytest.fixture
def pos(lasting_pos):
    return lasting_pos()


@pytest.fixture
def split(tmp_path, broker, pos):
    settings = f'[settings]\nurl = "{pos.url}"'
    split = Split(tmp_path / "split", broker, ["grill"], adapter="fake", settings=settings)
    yield split.start()
    split.end()


def test_after_three_deaths_it_is_held_and_the_others_are_served(split, pos):
    pos.tell(always={"name": "hang"})
    poison, other = (_for_grill(an_order(number)) for number in (1, 2))
    assert split.post(poison).status == 200
    for deaths in range(1, 4):
        wait_for(lambda deaths=deaths: len(pos.attempts) == deaths)
        split.worker.kill()
        if deaths == 3:
            pos.tell(always={"name": "up", "keeps": True})
        split.worker.start()

    assert split.post(other).status == 200
    wait_for(lambda: pos.tickets_of(other))
    order = split.worker.api(f"/orders/{poison['order']['id']}")
    (delivery,) = order["deliveries"]
    assert (delivery["state"], delivery["reason"]) == ("held", "quarantined")
    assert pos.tickets_of(poison) == []
    assert "died_while_handling" in split.worker.log()


def _for_grill(document):
    document["order"]["restaurant_id"] = "grill"
    return document
