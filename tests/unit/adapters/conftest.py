from datetime import UTC, datetime

import pytest

from bridge.model import Address, Guest, Line, Modifier, Order, Table, Unit


@pytest.fixture
def order():
    """One order with everything a ticket may have to show."""
    return Order(
        source="bbot",
        id="bc960165-aa17-4506-abdc-0b1c26e44ff9",
        restaurant="barge",
        checkout_id="5f52f359",
        number="233",
        fulfilment="Driver delivery",
        placed_at=datetime(2021, 12, 8, 0, 53, tzinfo=UTC),
        due_at=datetime(2021, 12, 8, 1, 45, tzinfo=UTC),
        table=Table(id="t", name="Barge"),
        guest=Guest(name="Eric Wang", phone="5555555555", email="eric@example.test"),
        address=Address(
            street="10 Navy Wharf Ct",
            city="Toronto",
            zip_code="M5V 3V2",
            state="ON",
            instructions="Please bust through the door",
        ),
        facts=(("Room", "412"),),
        lines=(
            Line(
                name="Ceviche",
                menu_item_id="m1",
                units=(Unit(id="1", price_cents=1194), Unit(id="2", price_cents=1194)),
                modifiers=(Modifier(id="a", name="Èclairs"), Modifier(id="b", name="No onion")),
                notes="allergic to nuts, please take care that nothing touches them",
            ),
            Line(name="Iced tea", menu_item_id="m2", units=(Unit(id="3", price_cents=395),)),
        ),
    )
