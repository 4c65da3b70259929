"""How a checkout ended, and what nothing here knows."""

from typing import Any

from bridge.model.event import CheckoutCancelled, CheckoutFinished, IntegrationChanged
from bridge.sources.bbot.errors import content
from bridge.sources.bbot.fields import Fields, Remarks


def read_finished(document: dict[str, Any]) -> CheckoutFinished:
    """Raises DecodeError 422 where the checkout is not named."""
    restaurant, checkout_id = read_ids(Fields(document, "", Remarks()))
    return CheckoutFinished(restaurant=restaurant, checkout_id=checkout_id)


def read_cancelled(document: dict[str, Any]) -> CheckoutCancelled:
    """Raises DecodeError 422 where the checkout is not named."""
    restaurant, checkout_id = read_ids(Fields(document, "", Remarks()))
    return CheckoutCancelled(restaurant=restaurant, checkout_id=checkout_id)


def read_integration(document: dict[str, Any]) -> IntegrationChanged:
    """Its layout is not published, so nothing in it is expected."""
    fields = Fields(document, "", Remarks())
    return IntegrationChanged(
        restaurant=fields.identifier("restaurant_id"), checkout_id=fields.identifier("checkout_id")
    )


def read_ids(fields: Fields) -> tuple[str, str]:
    """The restaurant, "" if it is not named, and the checkout; DecodeError 422 without one."""
    restaurant = fields.identifier("restaurant_id")
    checkout_id = fields.identifier("checkout_id")
    if not checkout_id:
        raise content(
            "no_checkout", "checkout_id is missing or unusable; send the checkout's id"
        ).about(restaurant)
    return restaurant, checkout_id
