from bridge.testing.edits import with_fee
from bridge.testing.guests import Act
from bridge.testing.orders import OrderFactory
from bridge.testing.till import Till

ORDER = with_fee(OrderFactory(2).order(units=4), 400)
UNITS = {unit.id: unit for line in ORDER.lines for unit in line.units}


def fallen(event):
    return {
        one.id: (
            UNITS[one.id].price_cents - one.price_cents,
            UNITS[one.id].tax_cents - one.tax_cents,
        )
        for one in event.items
        if (one.price_cents, one.tax_cents) != (UNITS[one.id].price_cents, UNITS[one.id].tax_cents)
    }


def test_it_tells_the_state_of_every_unit_and_charge(chance):
    event = Till(ORDER).refund(Act.REFUND_ITEM, ORDER, chance)
    assert {one.id for one in event.items} == set(UNITS)
    assert [one.price_cents for one in event.charges] == [400]


def test_one_unit_is_refunded_whole(chance):
    event = Till(ORDER).refund(Act.REFUND_ITEM, ORDER, chance)
    ((one, off),) = fallen(event).items()
    assert off == (UNITS[one].price_cents, UNITS[one].tax_cents)


def test_of_one_unit_only_the_tax_is_refunded(chance):
    ((_, off),) = fallen(Till(ORDER).refund(Act.REFUND_TAX, ORDER, chance)).items()
    assert off[0] == 0


def test_the_charge_alone_is_lowered(chance):
    event = Till(ORDER).refund(Act.REFUND_FEE, ORDER, chance)
    assert fallen(event) == {}
    assert event.charges[0].price_cents < 400


def test_all_of_it_is_refunded_once(chance):
    till = Till(ORDER)
    event = till.refund(Act.REFUND_ALL, ORDER, chance)
    assert {(one.price_cents, one.tax_cents) for one in (*event.items, *event.charges)} == {(0, 0)}
    assert till.refund(Act.REFUND_PART, ORDER, chance) is None


def test_a_unit_that_came_later_is_known_then(chance):
    till = Till(ORDER)
    more = OrderFactory(3).edited(ORDER)
    till.take(more)
    event = till.refund(Act.REFUND_FEE, more, chance)
    assert len(event.items) == 5
