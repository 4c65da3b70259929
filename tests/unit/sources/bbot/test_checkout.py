import pytest

from bridge.model import CheckoutCancelled, CheckoutFinished, IntegrationChanged
from bridge.sources.bbot import Hook, sample

ENDS = {"checkout_finished": CheckoutFinished, "checkout_cancelled": CheckoutCancelled}


@pytest.mark.parametrize(("name", "kind"), ENDS.items())
def test_the_end_of_a_checkout_names_restaurant_and_checkout(name, kind, hear):
    assert hear(sample(name)).event == kind(
        restaurant="ecde3351-606c-4971-ab5a-792bccb0e5e2",
        checkout_id="df744d21-0a6b-444d-9f0b-39c9506af848",
    )


@pytest.mark.parametrize(("name", "kind"), ENDS.items())
@pytest.mark.parametrize("more", [{}, {"cart_items_this_restaurant": "["}, {"table_id": [1.5]}])
def test_nothing_but_the_ids_matters_at_the_end_of_a_checkout(name, kind, more, hear):
    document = {"event_type": name, "restaurant_id": 7, "checkout_id": 8} | more
    assert hear(document).event == kind(restaurant="7", checkout_id="8")


@pytest.mark.parametrize("name", ENDS)
def test_the_restaurant_may_be_left_to_the_address(name, hear):
    assert hear({"event_type": name, "checkout_id": "c"}).event.restaurant == ""


@pytest.mark.parametrize("name", [*ENDS, "items_refunded"])
@pytest.mark.parametrize("checkout_id", [None, "", True, 1.5, [], {}, "<checkout_id>", "x" * 256])
def test_without_its_checkout_it_cannot_be_acted_upon(name, checkout_id, published, fail):
    error = fail(published(name) | {"checkout_id": checkout_id})
    assert (error.status, error.code, error.checkout_id) == (422, "no_checkout", "")
    assert error.restaurant == "ecde3351-606c-4971-ab5a-792bccb0e5e2"
    assert "checkout_id" in error.detail


@pytest.mark.parametrize(
    ("document", "event"),
    [
        ({}, IntegrationChanged()),
        (
            {"restaurant_id": 5, "checkout_id": "c"},
            IntegrationChanged(restaurant="5", checkout_id="c"),
        ),
        ({"restaurant_id": [1], "checkout_id": {"a": 1}, "what": None}, IntegrationChanged()),
    ],
)
def test_what_nothing_here_knows_is_kept_with_the_ids_it_has(document, event, hear):
    assert hear(document, Hook.INTEGRATION_CHANGED).event == event
