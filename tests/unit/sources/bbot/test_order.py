import json
from datetime import UTC, datetime

import pytest

from bridge.model import Address, Guest, Table, Totals
from bridge.sources.bbot import Hook, sample


def test_the_published_injection_is_read_whole(read):
    order = read(sample("order_injection"))
    assert (order.source, order.id) == ("bbot", "bc960165-aa17-4506-abdc-0b1c26e44ff9")
    assert order.restaurant == "ecde3351-606c-4971-ab5a-792bccb0e5e2"
    assert order.checkout_id == "5f52f359-0d48-41a3-a7f4-d79c4cdb5c97"
    assert (order.number, order.fulfilment) == ("233", "Delivery by driver")
    assert order.fulfilment_code == "driver_delivery"
    assert order.placed_at == datetime(2021, 12, 8, 0, 53, 52, 57350, UTC)
    assert order.modified_at == datetime(2021, 12, 8, 0, 53, 52, 57361, UTC)
    assert (order.closed_at, order.due_at, order.snoozed_until) == (None, None, None)
    assert order.guest == Guest(name="Eric Wang", phone="5555555555", email="guest@example.com")
    assert order.totals == Totals(
        pretax_cents=2388, tip_cents=478, fee_cents=0, tax_cents=212, total_cents=3078
    )
    assert (order.facts, order.remarks) == ((), ())


def test_the_published_table_and_address_are_read(read):
    order = read(sample("order_injection"))
    assert order.table == Table(
        id="dfda1479-b19e-40e9-accc-18d62c6ceaed",
        name="Barge",
        short_id="barge",
        hostname="bbot.menu",
    )
    assert order.address == Address(
        street="10 Navy Wharf Ct",
        city="Toronto",
        zip_code="M5V 3V2",
        state="ON",
        country="CA",
        instructions="Please bust through the door",
    )


def test_nested_ids_win_over_those_at_the_top(payload, read):
    order = read(payload("10b_top_ids_differ.json"))
    assert order.id == "bc960165-aa17-4506-abdc-0b1c26e44ff9"
    assert order.restaurant == "ecde3351-606c-4971-ab5a-792bccb0e5e2"


def test_ids_at_the_top_help_out(payload, read):
    order = read(payload("10c_nested_ids_missing.json"))
    assert (order.restaurant, order.id) == ("top-restaurant", "top-order")


@pytest.mark.parametrize("placeholder", ["<order_id>", "", "  ", None, True, [], 1.5, "x" * 256])
def test_what_is_no_id_does_not_become_one(placeholder, document, refuse):
    document["order_id"] = document["order"]["id"] = placeholder
    error = refuse(document)
    assert (error.code, error.order_id) == ("no_order_id", "")
    assert error.restaurant == document["order"]["restaurant_id"]


def test_ids_are_opaque_text(payload, read):
    order = read(payload("24a_odd_ids.json"))
    assert (order.id, order.restaurant) == ("12345", "u87d-not-a-uuid/83aj")
    assert (order.checkout_id, order.number) == ("54/é", "A-17")


def test_without_checkout_the_order_stands_for_itself(document, read):
    del document["order"]["checkout_id"]
    order = read(document)
    assert order.checkout_id == f"order:{order.id}"
    assert order.remarks == ("order.checkout_id is missing: the order's own id is used",)


@pytest.mark.parametrize("value", [7, "later", [], True])
def test_an_order_that_is_no_object_is_refused(value, document, refuse):
    document["order"] = value
    assert refuse(document).code == "no_order"


def test_a_change_without_items_means_nothing_is_left(document, read):
    document["order"]["items"] = []
    assert read(document, Hook.ORDER_CHANGE).lines == ()


def test_a_change_whose_items_are_missing_is_not_taken_for_an_empty_order(document, refuse):
    del document["order"]["items"]
    error = refuse(document, Hook.ORDER_CHANGE)
    assert (error.status, error.code) == (422, "no_items")
    assert error.order_id == document["order"]["id"]


@pytest.mark.parametrize("value", [{"brand": "Visa"}, None, "card", [1], {"amount": "x"}])
def test_the_card_is_never_looked_at(value, document, read):
    expected = read(document)
    document["order"]["charge"] = value
    assert read(document) == expected


def test_totals_that_do_not_add_up_are_remarked_and_kept(document, read):
    document["order"]["total_cents"] = 3079
    order = read(document)
    assert order.totals.total_cents == 3079
    assert order.remarks == ("order.total_cents says 30.79 while its parts add up to 30.78",)


DOUBTFUL = [12.5, "12.50", True, "free", [1], {}, 2**64]
TOTALS = ["pretax_cents", "tip_cents", "fee_pretax_cents", "tax_cents", "total_cents"]


@pytest.mark.parametrize("name", TOTALS)
@pytest.mark.parametrize("value", DOUBTFUL)
def test_a_total_in_doubt_is_what_the_others_say(name, value, document, read):
    expected = read(document)
    document["order"][name] = value
    order = read(document)
    assert order.totals == expected.totals
    (remark,) = order.remarks
    assert remark.startswith(f"order.{name} is ")


def test_totals_that_nobody_can_tell_are_none(document, read):
    for name in ("tip_cents", "tax_cents"):
        document["order"][name] = "?"
    totals = read(document).totals
    assert (totals.tip_cents, totals.tax_cents, totals.total_cents) == (0, 0, 3078)


@pytest.mark.parametrize("total", [0, 2**63 - 1, -(2**63)])
def test_a_total_that_is_told_by_others_stays_a_sum_that_can_be(total, document, read):
    document["order"] |= {"tip_cents": "?", "fee_pretax_cents": -(2**63), "total_cents": total}
    assert 0 <= read(document).totals.tip_cents < 2**63


@pytest.mark.parametrize("value", DOUBTFUL)
def test_the_tip_of_an_item_is_no_reason_to_refuse_it(value, document, read):
    document["order"]["items"][0]["tip_in_cents"] = value
    order = read(document)
    assert order.lines[0].units[0].tip_cents == 0
    assert any("items[0].tip_in_cents" in remark for remark in order.remarks)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-12-08T00:53:52Z", datetime(2021, 12, 8, 0, 53, 52, tzinfo=UTC)),
        ("2021-12-07T19:53:52.5-05:00", datetime(2021, 12, 8, 0, 53, 52, 500_000, UTC)),
        ("2021-11-07T01:30:00-04:00", datetime(2021, 11, 7, 5, 30, tzinfo=UTC)),
        ("1900-01-01T00:00:00Z", None),
        (None, None),
        ("", None),
    ],
)
def test_a_time_is_read_in_utc(text, expected, document, read):
    document["order"]["user_desired_time"] = document["order"]["snooze_till"] = text
    order = read(document)
    assert (order.due_at, order.snoozed_until) == (expected, expected)
    assert order.remarks == ()


@pytest.mark.parametrize("value", ["soon", "2021-13-01", 1638924833, {}, [], True])
def test_a_time_that_cannot_be_read_is_remarked(value, document, read):
    document["order"]["time_closed"] = value
    order = read(document)
    assert order.closed_at is None
    assert order.remarks == ("order.time_closed is not a time that can be read: ignored",)


def test_a_time_without_zone_counts_as_utc(document, read):
    document["order"]["time"] = "2021-12-08T00:53:52"
    order = read(document)
    assert order.placed_at == datetime(2021, 12, 8, 0, 53, 52, tzinfo=UTC)
    assert order.remarks == ("order.time has no time zone: taken as UTC",)


def test_a_time_at_the_edge_of_the_calendar_is_none(document, read):
    document["order"]["time"] = "0001-01-01T00:00:00+14:00"
    assert read(document).placed_at is None


def test_an_order_closed_by_the_platform_is_not_waiting(payload, read):
    assert not read(payload("16b_all_done_and_closed.json")).is_waiting()
    assert read(payload("16a_mixed_states.json")).is_waiting()


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"guest_name": "Ann  Lee"}, "Ann Lee"),
        ({"guest_name": None}, "Eric Wang"),
        ({"guest_name": None, "guest_first_name": "Prince", "guest_last_name": ""}, "Prince"),
        ({"guest_name": "", "guest_first_name": None, "guest_last_name": None}, ""),
    ],
)
def test_the_guest_is_named_from_what_is_known(fields, name, document, read):
    document["order"].update(fields)
    assert read(document).guest.name == name


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (None, None),
        ({}, None),
        ("", None),
        ("Barge", Table(id="", name="Barge")),
        ({"id": 7, "short_id": "b7"}, Table(id="7", name="b7", short_id="b7")),
        ('{"id": "t", "display_name": "Bar"}', Table(id="t", name="Bar")),
        ([1, 2], None),
    ],
)
def test_a_table_is_read_as_far_as_it_goes(table, expected, document, read):
    document["order"]["table"] = table
    assert read(document).table == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (None, None),
        ({}, None),
        ({"street": "", "zip": None}, None),
        ({"street": "1 Main St", "zip": 10001}, Address(street="1 Main St", zip_code="10001")),
        ("1 Main St", Address(street="1 Main St")),
        ("{ring twice}", Address(street="{ring twice}")),
    ],
)
def test_an_address_is_read_as_far_as_it_goes(address, expected, document, read):
    document["order"]["deliveryAddress"] = address
    assert read(document).address == expected


def test_the_other_spelling_of_the_address_is_known(document, read):
    document["order"]["delivery_address"] = document["order"].pop("deliveryAddress")
    assert read(document).address.city == "Toronto"


def test_what_the_guest_was_asked_becomes_facts(payload, read):
    assert read(payload("21_extra_checkout_info.json")).facts == (
        ("room_number", "1204"),
        ("covers", "4"),
        ("opt_in", "yes"),
        ("allergies", '{"nuts":["almond","cashew"],"note":"sévère"}'),
    )


@pytest.mark.parametrize(
    ("value", "facts"),
    [
        ("room 7", (("Info", "room 7"),)),
        ('{"room": 7}', (("room", "7"),)),
        ("{room 7", (("Info", "{room 7"),)),
        (["a"], (("Info", '["a"]'),)),
        ("", ()),
        (None, ()),
        (False, ()),
    ],
)
def test_facts_of_any_shape_are_kept(value, facts, document, read):
    document["order"]["extra_checkout_info"] = value
    assert read(document).facts == facts


def test_remarks_are_few_even_if_everything_is_odd(document, read):
    document["order"]["items"] = [{"name_when_purchased": f"Dish {n}"} for n in range(50)]
    remarks = read(document).remarks
    assert len(remarks) == 21
    assert remarks[-1].endswith("more remarks like these")


def test_remarks_hold_nothing_that_a_guest_typed(document, read):
    order = document["order"]
    for name in ("guest_name", "mobile", "special_instructions", "time", "table", "checkout_id"):
        order[name] = ["secret"]
    for item in order["items"]:
        item["special_instructions"] = {"secret": "secret" * 500}
    found = read(document)
    assert found.remarks
    assert "secret" not in json.dumps(found.remarks)
