"""1 to 3, 10 to 25, 29 to 42: each order file, as an injection and as a change."""

import pytest

from tests.doorway import PAYLOADS
from tests.integration.payloads.house import ODD, SAMPLES, SMALL, payload

pytestmark = pytest.mark.asyncio(loop_scope="session")

LAST_OF_ORDERS = 44
HEBREW_AND_ARABIC = "(\u05e9\u05dc\u05d5\u05dd “extra” crispy\n\u0627\u0647\u0644\u0627)"
CEVICHE = ["2 x Ceviche + Èclairs"]
SOUP = ["1 x Soup of the day"]
SAMPLE_ORDER, SMALL_ORDER = "bc960165-aa17-4506-abdc-0b1c26e44ff9", "order-1"

# What is to be made, as it stands on the board.
MADE = {
    "01_minimal.json": SOUP,
    "02_injection_sample.json": CEVICHE,
    "03_change_sample.json": CEVICHE,
    "07_newer_with_one_more_item.json": [*CEVICHE, "1 x Lemonade"],
    "10a_top_ids_missing.json": CEVICHE,
    "10b_top_ids_differ.json": CEVICHE,
    "11a_forty_equal_units.json": ["40 x Soup of the day"],
    "11b_two_units_with_different_notes.json": [
        "2 x Soup of the day",
        "1 x Soup of the day (no onion)",
    ],
    "12a_price_is_all_in_the_modifiers.json": ["1 x Soup of the day + Large"],
    "12b_negative_modifier.json": ["1 x Soup of the day + No side"],
    "12c_free_order_without_charge.json": SOUP,
    "13_discounted.json": SOUP,
    "14a_fees_of_unknown_shape.json": SOUP,
    "14b_total_off_by_a_cent.json": SOUP,
    "15_unknown_method_and_status.json": SOUP,
    "16a_mixed_states.json": ["3 x Soup of the day"],
    "16b_all_done_and_closed.json": SOUP,
    "16c_all_refunded.json": SOUP,
    "17a_future_order.json": SOUP,
    "17b_future_order_over_the_end_of_summer_time.json": SOUP,
    "18_times_without_microseconds_and_with_offset.json": SOUP,
    "19a_table_null.json": SOUP,
    "19b_table_of_another_hostname.json": SOUP,
    "20a_accents_emoji_rtl.json": [
        "1 x Cr\u00e8me br\u00fbl\u00e9e \U0001f336\ufe0f\U0001f469\u200d\U0001f373 "
        + HEBREW_AND_ARABIC
    ],
    "20b_control_characters.json": ["1 x Soup@i evil of the day (one\nVtwo)"],
    "20d_half_a_character.json": ["1 x Soup of the day (hot \ufffd!)"],
    "21_extra_checkout_info.json": SOUP,
    "22a_guest_unknown.json": SOUP,
    "22b_guest_with_one_name.json": SOUP,
    "23a_unknown_fields_everywhere.json": CEVICHE,
    "23b_non_essential_fields_missing.json": SOUP,
    "24a_odd_ids.json": SOUP,
    "24b_amounts_as_text.json": SOUP,
    "24c_amounts_as_whole_floats.json": SOUP,
    "24d_negative_and_huge_amounts.json": ["2 x Soup of the day"],
    "25_charge_of_another_amount.json": SOUP,
    "29_compact.json": CEVICHE,
    "30_lists_and_objects_as_text.json": CEVICHE,
    "31_form.txt": CEVICHE,
    "33a_utf8_with_mark.json": CEVICHE,
    "33b_utf16_with_mark.json": CEVICHE,
    "33c_latin1.json": CEVICHE,
}
LONG = "20c_ten_kilobytes_of_notes.json"
UNDATED = "23b_non_essential_fields_missing.json"
# What else a cook or runner reads, where a file is about that.
READ = {
    "02_injection_sample.json": {"fulfilment": "Delivery by driver", "guest": "Eric Wang"},
    "15_unknown_method_and_status.json": {"fulfilment": "Server delivery with expo"},
    "19a_table_null.json": {"table": ""},
    "19b_table_of_another_hostname.json": {"table": "Barge"},
    "17a_future_order.json": {"due_at": "2021-12-09T18:30:00+00:00"},
    "20a_accents_emoji_rtl.json": {"guest": "Zoë Ångström"},
    "21_extra_checkout_info.json": {
        "facts": [
            {"name": "room_number", "value": "1204"},
            {"name": "covers", "value": "4"},
            {"name": "opt_in", "value": "yes"},
            {"name": "allergies", "value": '{"nuts":["almond","cashew"],"note":"sévère"}'},
        ]
    },
    "22a_guest_unknown.json": {"guest": ""},
    "22b_guest_with_one_name.json": {"guest": "Prince"},
}
# The statuses of an injection that must not be taken; a change is archived where it is 422.
REFUSED = {
    "09_same_order_id_other_restaurant.json": (403, "foreign_restaurant"),
    "10c_nested_ids_missing.json": (422, "unknown_restaurant"),
    "10d_restaurant_only_a_placeholder.json": (422, "no_restaurant"),
    "10e_order_id_only_a_placeholder.json": (422, "no_order_id"),
    "23c_items_missing.json": (422, "no_items"),
    "23d_items_empty.json": (422, "no_items"),
    "23e_no_item_has_a_name.json": (422, "no_items"),
    "23f_order_missing.json": (422, "no_order"),
    "23g_an_item_is_not_an_object.json": (422, "bad_item"),
    "24e_money_is_a_fraction.json": (422, "bad_money"),
    "24f_money_is_dollars_as_text.json": (422, "bad_money"),
    "24g_money_is_true.json": (422, "bad_money"),
    "24h_money_is_beyond_64_bits.json": (422, "bad_money"),
    "24i_money_is_a_huge_float.json": (422, "bad_money"),
    "24j_money_is_a_list.json": (422, "bad_money"),
    "24k_money_is_words.json": (422, "bad_money"),
    "32_form_that_lost_the_order.txt": (422, "nested_lost"),
    "36a_injection_as_published.txt": (400, "bad_json"),
    "36b_change_as_published.txt": (400, "bad_json"),
    "37a_python_none.txt": (400, "bad_json"),
    "37b_python_true.txt": (400, "bad_json"),
    "37c_trailing_comma.txt": (400, "bad_json"),
    "37d_python_dict.txt": (400, "bad_json"),
    "38_duplicate_key.json": (400, "duplicate_key"),
    "39_nan.txt": (400, "bad_json"),
    "40_top_level_list.json": (400, "not_an_object"),
    "41_empty.txt": (400, "empty_body"),
    "42_cut_off.txt": (400, "bad_json"),
}
# As news of an order these are well-formed: nothing is left, or nothing has a name.
READ_AS_CHANGE = {"23d_items_empty.json", "23e_no_item_has_a_name.json"}


def platform_id(name):
    """The restaurant of which the file is."""
    if name.startswith("24a"):
        return ODD
    return SMALL if SMALL.encode() in payload(name) else SAMPLES


def order_id(name):
    odd = {"24a_odd_ids.json": "12345"}
    return odd.get(name, SMALL_ORDER if platform_id(name) == SMALL else SAMPLE_ORDER)


async def test_every_order_of_the_collection_is_here():
    names = {path.name for path in PAYLOADS.glob("[0-9]*")}
    found = {name for name in names if int(name[:2]) <= LAST_OF_ORDERS}

    assert found == {*MADE, LONG, *REFUSED}


@pytest.mark.parametrize("name", MADE)
async def test_an_injection_is_accepted_and_stands_on_the_board_once(house, name):
    here = house(platform_id(name))
    answer = await here.post_file(name)
    order = await here.order(order_id(name))

    assert (answer.status, answer.document["result"]) == (200, "accepted")
    assert (order["state"], await here.deliveries(order_id(name))) == ("done", ["place 1 done"])
    assert await here.lines() == [MADE[name]]


@pytest.mark.parametrize("name", READ)
async def test_its_ticket_says_what_the_file_is_about(house, name):
    here = house(platform_id(name))
    await here.post_file(name)
    (ticket,) = await here.tickets()

    assert {key: ticket[key] for key in READ[name]} == READ[name]


async def test_20_notes_of_ten_kilobytes_are_cut_and_made(house):
    here = house(SMALL)
    answer = await here.post_file(LONG)
    (ticket,) = await here.tickets()
    (line,) = ticket["lines"]

    assert (answer.status, line["name"]) == (200, "Soup of the day")
    assert line["notes"].startswith("please please")
    assert 100 < len(line["notes"]) < 10_000


@pytest.mark.parametrize("name", REFUSED)
async def test_an_injection_that_must_not_be_taken_is_refused_kept_and_not_made(house, name):
    here = house(platform_id(name))
    answer = await here.post_file(name)
    (row,) = await here.rows()

    assert (answer.status, answer.document["code"]) == REFUSED[name]
    assert (row["status"], row["code"], row["stage"]) == (*REFUSED[name], None)
    assert row["body"] == payload(name)
    assert {order["state"] for order in await here.orders()} <= {"blocked"}
    assert await here.tickets() == []


@pytest.mark.parametrize("name", sorted({*MADE, LONG, *READ_AS_CHANGE} - {UNDATED}))
async def test_a_change_of_an_order_from_before_this_bridge_is_recorded_and_not_made(house, name):
    here = house(platform_id(name))
    answer = await here.post_file(name, "order-change")
    order = await here.order(order_id(name))

    assert (answer.status, answer.document["result"]) == (200, "recorded")
    assert (order["state"], order["deliveries"]) == ("archived", [])
    assert await here.tickets() == []


async def test_23_a_change_of_an_order_that_tells_no_time_is_made_rather_than_lost(house):
    here = house(SMALL)
    await here.post_file(UNDATED, "order-change")

    assert await here.deliveries(SMALL_ORDER) == ["place 1 done"]
    assert await here.lines() == [SOUP]


@pytest.mark.parametrize("name", sorted({*REFUSED} - READ_AS_CHANGE))
async def test_a_change_that_is_not_understood_is_kept_and_does_nothing(house, name):
    here = house(platform_id(name))
    status, code = REFUSED[name]
    answer = await here.post_file(name, "order-change")
    (row,) = await here.rows()

    if status == 422:
        assert (answer.status, answer.document["result"]) == (200, "archived")
    else:
        assert (answer.status, answer.document["code"]) == (status, code)
    assert (row["body"], row["stage"]) == (payload(name), None)
    assert await here.tickets() == []
