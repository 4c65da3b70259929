import pytest

from bridge.ingress.call import Budgets
from bridge.sources.bbot import Hook

DEADLINES = Budgets(order=2.5, promo=1.0).deadlines(100.0)


@pytest.mark.parametrize("hook", Hook)
def test_what_a_guest_waits_for_with_a_cart_has_the_budget_of_carts(hook):
    assert DEADLINES.of(hook).at == (101.0 if hook is Hook.PROMO else 102.5)


@pytest.mark.parametrize(("order", "promo"), [(2.5, 1.0), (1.0, 2.5)])
def test_what_is_not_known_yet_may_still_be_what_has_more_time(order, promo):
    assert Budgets(order=order, promo=promo).deadlines(100.0).of("").at == 102.5
