import pytest

from bridge.daemon import Daemon, Role, StartError
from tests.daemons import NO_BROKER


@pytest.mark.parametrize("role", [Role.INGRESS, Role.WORKER])
async def test_half_a_bridge_needs_a_broker(a_config, role):
    with pytest.raises(StartError, match=r"\[broker\], which --role \w+ needs"):
        await Daemon(a_config(), role=role).run()


@pytest.mark.parametrize("role", [Role.ALL, Role.INGRESS])
async def test_who_takes_orders_needs_an_endpoint(a_config, role):
    with pytest.raises(StartError, match=r"\[\[endpoints\]\]"):
        await Daemon(a_config(endpoints=(), broker=NO_BROKER), role=role).run()


async def test_nobody_can_serve_no_restaurant(a_config):
    with pytest.raises(StartError, match="no restaurant"):
        await Daemon(a_config(restaurants=())).run()


async def test_a_wish_that_cannot_be_met_touches_nothing(a_config, tmp_path):
    with pytest.raises(StartError):
        await Daemon(a_config(restaurants=())).run()

    assert list(tmp_path.iterdir()) == []
