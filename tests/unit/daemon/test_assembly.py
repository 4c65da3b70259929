import pytest

from bridge.config import Endpoint, Secret
from bridge.daemon import assembly
from bridge.registry import RegistryError
from tests.daemons import a_restaurant
from tests.engine import RESTAURANT


def test_an_endpoint_knows_its_restaurants_by_the_platforms_ids(a_config):
    config = a_config(restaurants=(a_restaurant(bbot_id="bbot-lopez"),))

    (access,) = assembly.build_endpoints(config).values()
    assert access.restaurants == {"bbot-lopez": RESTAURANT}


def test_an_endpoint_keeps_no_password(a_config):
    endpoint = Endpoint(
        id="endpoint-0123456789",
        username="bbot",
        password=Secret.of("a very secret word"),
        restaurants=(RESTAURANT,),
    )

    assert "very secret" not in repr(assembly.build_endpoints(a_config(endpoints=(endpoint,))))


@pytest.mark.parametrize(("policy", "refuses"), [("refuse", True), ("accept", False)])
def test_the_policy_while_the_pos_is_down_reaches_the_gate(a_config, policy, refuses):
    config = a_config(restaurants=(a_restaurant(when_down=policy),))

    assert assembly.build_gate_terms(config)[RESTAURANT].refuse_when_down is refuses


@pytest.mark.parametrize(("release", "on_commit"), [("on_commit", True), ("on_accept", False)])
def test_the_release_reaches_the_worker(a_config, release, on_commit):
    config = a_config(restaurants=(a_restaurant(release=release),))

    terms = assembly.build_terms(config, {RESTAURANT: 5.0})[RESTAURANT]
    assert (terms.on_commit, terms.since) == (on_commit, 5.0)


def test_the_limits_of_the_listener_are_the_configured_ones(a_config):
    config = a_config()

    limits = assembly.build_limits(config)
    assert limits.max_connections == config.ingress.max_connections
    assert limits.max_per_source == config.ingress.max_connections_per_address


def test_a_post_has_the_checked_settings_of_its_adapter(a_config, tmp_path):
    settings = {"directory": str(tmp_path)}
    config = a_config(restaurants=(a_restaurant(adapter="file", settings=settings),))

    (post,) = assembly.build_posts(config, {})
    assert post.settings.directory == tmp_path


def test_an_unknown_adapter_is_named(a_config):
    with pytest.raises(RegistryError, match="fike"):
        assembly.build_posts(a_config(restaurants=(a_restaurant(adapter="fike"),)), {})


def test_wrong_settings_name_restaurant_and_key(a_config):
    config = a_config(restaurants=(a_restaurant(adapter="file", settings={}),))

    with pytest.raises(ValueError, match=rf"{RESTAURANT}: settings\.directory: "):
        assembly.build_posts(config, {})


def test_a_restaurant_that_a_person_has_paused_begins_so(a_config):
    (post,) = assembly.build_posts(a_config(), {"lopez": "paused by ana: flood"})

    assert post.paused == "paused by ana: flood"
