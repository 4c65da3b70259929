"""From the configuration to the parts' own terms: no part reads the configuration itself."""

from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from bridge import registry
from bridge.adapter import Capability, RestaurantFacts
from bridge.config import Config, Restaurant
from bridge.ingress.auth import EndpointAccess, digests
from bridge.ingress.gate import GateTerms
from bridge.ingress.guard import Limits
from bridge.ingress.promotions import Offers
from bridge.ledger import RoomTerms
from bridge.ledger.room import MEGABYTE
from bridge.worker.booking import Terms
from bridge.worker.policy import puts_refunds_on_paper
from bridge.worker.worker import Post

# Beyond its budget, for an answer to be on its way.
LAST_WORD = 0.5


def build_endpoints(config: Config) -> dict[str, EndpointAccess]:
    """Each webhook address with what it may do; passwords are kept as digests only."""
    by_id = {restaurant.id: restaurant for restaurant in config.restaurants}
    return {
        endpoint.id: EndpointAccess(
            id=endpoint.id,
            source=endpoint.source,
            digests=digests(endpoint.username, endpoint.password.reveal()),
            restaurants={by_id[name].bbot_id: name for name in endpoint.restaurants},
            require_basic=frozenset(endpoint.require_basic),
        )
        for endpoint in config.endpoints
    }


def build_gate_terms(config: Config) -> dict[str, GateTerms]:
    return {
        restaurant.id: GateTerms(
            refuse_when_down=restaurant.when_down == "refuse",
            grace=restaurant.grace,
            max_wait=restaurant.max_wait,
        )
        for restaurant in config.restaurants
    }


def build_offers(config: Config) -> dict[str, Offers]:
    """The promotions of each restaurant."""
    return {restaurant.id: Offers.of(restaurant) for restaurant in config.restaurants}


def can_quote(restaurant: Restaurant) -> bool:
    """True if its adapter is here and makes quotes."""
    try:
        capabilities = registry.load(restaurant.adapter).spec.capabilities
    except registry.RegistryError:
        return False
    return Capability.PROMOTIONS in capabilities


def build_room(config: Config) -> RoomTerms:
    """What is asked of the ledger's disk."""
    ledger = config.ledger
    return RoomTerms(
        ballast=ledger.ballast * MEGABYTE,
        low=ledger.warn_below * MEGABYTE,
        short=ledger.refuse_below * MEGABYTE,
    )


def build_limits(config: Config) -> Limits:
    ingress = config.ingress
    return Limits(
        header_timeout=ingress.header_timeout,
        body_timeout=ingress.body_timeout,
        keep_alive=ingress.keep_alive,
        max_connections=ingress.max_connections,
        max_per_source=ingress.max_connections_per_address,
    )


def build_patience(config: Config) -> float:
    """What a call that runs when the daemon stops may still take, in seconds."""
    return max(config.ingress.order_budget, config.ingress.promo_budget) + LAST_WORD


def build_terms(config: Config, since: dict[str, float]) -> dict[str, Terms]:
    return {
        restaurant.id: Terms(
            on_commit=restaurant.release == "on_commit",
            on_paper=puts_refunds_on_paper(registry.load(restaurant.adapter).spec),
            preparation=restaurant.preparation,
            give_up_after=restaurant.give_up_after,
            since=since[restaurant.id],
        )
        for restaurant in config.restaurants
    }


def build_posts(config: Config, paused: Mapping[str, str]) -> list[Post]:
    """Adapters loaded and their settings checked; raises RegistryError or ValueError.

    `paused`: why some restaurants are not served, by a person's word.
    """
    return [_post(one, paused.get(one.id, "")) for one in config.restaurants]


def _post(restaurant: Restaurant, paused: str) -> Post:
    adapter = registry.load(restaurant.adapter)
    return Post(
        facts=RestaurantFacts(id=restaurant.id, name=restaurant.name, timezone=restaurant.timezone),
        adapter=adapter,
        settings=_settings(adapter.spec.settings, restaurant),
        probe_every=restaurant.probe_every,
        paused=paused,
    )


def _settings(model: type[BaseModel], restaurant: Restaurant) -> BaseModel:
    try:
        return model.model_validate(restaurant.settings)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{restaurant.id}: settings.{where}: {first['msg']}") from error
