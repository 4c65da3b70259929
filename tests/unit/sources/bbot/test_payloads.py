"""Every order of the collection is read, or refused for the reason that is written here."""

from pathlib import Path

import pytest

from bridge import canonical
from bridge.model import OrderChanged, OrderPlaced
from bridge.sources.bbot import DecodeError, Hook, decode, sample

PAYLOADS = Path(__file__).parents[3] / "payloads" / "bbot"
LAST_OF_ORDERS = 44

REFUSED = {
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

# name: (lines as "quantity x name", cents of all units, remarks)
READ = {
    "01_minimal.json": (["1 x Soup of the day"], 500, 0),
    "02_injection_sample.json": (["2 x Ceviche"], 2388, 0),
    "03_change_sample.json": (["2 x Ceviche"], 2388, 0),
    "07_newer_with_one_more_item.json": (["2 x Ceviche", "1 x Lemonade"], 2888, 0),
    "09_same_order_id_other_restaurant.json": (["2 x Ceviche"], 2388, 0),
    "10a_top_ids_missing.json": (["2 x Ceviche"], 2388, 0),
    "10b_top_ids_differ.json": (["2 x Ceviche"], 2388, 2),
    "10c_nested_ids_missing.json": (["2 x Ceviche"], 2388, 0),
    "11a_forty_equal_units.json": (["40 x Soup of the day"], 20_000, 0),
    "11b_two_units_with_different_notes.json": (
        ["2 x Soup of the day", "1 x Soup of the day"],
        1500,
        0,
    ),
    "12a_price_is_all_in_the_modifiers.json": (["1 x Soup of the day"], 500, 0),
    "12b_negative_modifier.json": (["1 x Soup of the day"], 450, 0),
    "12c_free_order_without_charge.json": (["1 x Soup of the day"], 0, 0),
    "13_discounted.json": (["1 x Soup of the day"], 400, 0),
    "14a_fees_of_unknown_shape.json": (["1 x Soup of the day"], 500, 0),
    "14b_total_off_by_a_cent.json": (["1 x Soup of the day"], 500, 1),
    "15_unknown_method_and_status.json": (["1 x Soup of the day"], 500, 0),
    "16a_mixed_states.json": (["3 x Soup of the day"], 1500, 0),
    "16b_all_done_and_closed.json": (["1 x Soup of the day"], 500, 0),
    "16c_all_refunded.json": (["1 x Soup of the day"], 0, 0),
    "17a_future_order.json": (["1 x Soup of the day"], 500, 0),
    "17b_future_order_over_the_end_of_summer_time.json": (["1 x Soup of the day"], 500, 0),
    "18_times_without_microseconds_and_with_offset.json": (["1 x Soup of the day"], 500, 1),
    "19a_table_null.json": (["1 x Soup of the day"], 500, 0),
    "19b_table_of_another_hostname.json": (["1 x Soup of the day"], 500, 0),
    "20a_accents_emoji_rtl.json": (
        ["1 x Cr\u00e8me br\u00fbl\u00e9e \U0001f336\ufe0f\U0001f469\u200d\U0001f373"],
        500,
        0,
    ),
    "20b_control_characters.json": (["1 x Soup@i evil of the day"], 500, 0),
    "20c_ten_kilobytes_of_notes.json": (["1 x Soup of the day"], 500, 1),
    "20d_half_a_character.json": (["1 x Soup of the day"], 500, 0),
    "21_extra_checkout_info.json": (["1 x Soup of the day"], 500, 0),
    "22a_guest_unknown.json": (["1 x Soup of the day"], 500, 0),
    "22b_guest_with_one_name.json": (["1 x Soup of the day"], 500, 0),
    "23a_unknown_fields_everywhere.json": (["2 x Ceviche"], 2388, 0),
    "23b_non_essential_fields_missing.json": (["1 x Soup of the day"], 500, 12),
    "24a_odd_ids.json": (["1 x Soup of the day"], 500, 0),
    "24b_amounts_as_text.json": (["1 x Soup of the day"], 500, 0),
    "24c_amounts_as_whole_floats.json": (["1 x Soup of the day"], 500, 0),
    "24d_negative_and_huge_amounts.json": (["2 x Soup of the day"], 2**62 - 500, 0),
    "25_charge_of_another_amount.json": (["1 x Soup of the day"], 500, 0),
    "29_compact.json": (["2 x Ceviche"], 2388, 0),
    "30_lists_and_objects_as_text.json": (["2 x Ceviche"], 2388, 0),
    "31_form.txt": (["2 x Ceviche"], 2388, 0),
    "33a_utf8_with_mark.json": (["2 x Ceviche"], 2388, 0),
    "33b_utf16_with_mark.json": (["2 x Ceviche"], 2388, 0),
    "33c_latin1.json": (["2 x Ceviche"], 2388, 0),
}

# An order that changed may have nothing left, and need not have names.
READ_AS_CHANGE = {"23d_items_empty.json", "23e_no_item_has_a_name.json"}


def content_type(name):
    return "application/json; charset=latin-1" if "latin1" in name else "application/json"


def decoded(name, hook, payload):
    return decode(hook, payload(name), content_type(name)).event


def test_every_order_of_the_collection_is_listed_once():
    names = {path.name for path in PAYLOADS.iterdir()} - {"README.md"}
    found = {name for name in names if int(name[:2]) <= LAST_OF_ORDERS}
    assert found == {*REFUSED, *READ}
    assert not {*REFUSED} & {*READ}


@pytest.mark.parametrize("name", READ)
def test_a_usable_payload_gives_its_lines_money_and_remarks(name, payload):
    order = decoded(name, Hook.ORDER_INJECTION, payload).order
    lines, cents, remarks = READ[name]
    assert [f"{line.quantity} x {line.name}" for line in order.lines] == lines
    assert sum(line.price_cents for line in order.lines) == cents
    assert len(order.remarks) == remarks


@pytest.mark.parametrize("name", READ)
def test_a_change_is_read_like_an_injection(name, payload):
    placed = decoded(name, Hook.ORDER_INJECTION, payload)
    changed = decoded(name, Hook.ORDER_CHANGE, payload)
    assert isinstance(changed, OrderChanged)
    assert changed.order == placed.order


@pytest.mark.parametrize("name", READ)
def test_an_event_survives_the_way_through_the_canonical_form(name, payload):
    event = decoded(name, Hook.ORDER_INJECTION, payload)
    assert canonical.decode(OrderPlaced, canonical.encode(event)) == event


@pytest.mark.parametrize("name", REFUSED)
def test_an_unusable_payload_is_refused_with_its_reason(name, payload):
    with pytest.raises(DecodeError) as caught:
        decoded(name, Hook.ORDER_INJECTION, payload)
    assert (caught.value.status, caught.value.code) == REFUSED[name]


@pytest.mark.parametrize("name", sorted({*REFUSED} - READ_AS_CHANGE))
def test_an_unusable_change_is_refused_for_the_same_reason(name, payload):
    with pytest.raises(DecodeError) as caught:
        decoded(name, Hook.ORDER_CHANGE, payload)
    assert (caught.value.status, caught.value.code) == REFUSED[name]


@pytest.mark.parametrize("name", sorted(READ_AS_CHANGE))
def test_an_order_of_which_little_is_left_is_still_a_change(name, payload):
    assert isinstance(decoded(name, Hook.ORDER_CHANGE, payload), OrderChanged)


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_tells_nothing_about_the_guest(name, payload):
    with pytest.raises(DecodeError) as caught:
        decoded(name, Hook.ORDER_INJECTION, payload)
    for private in ("Eric", "Wang", "5555555555", "example.com", "Navy", "0077"):
        assert private not in caught.value.detail


@pytest.mark.parametrize(
    "name",
    sorted({*REFUSED} - {"37d_python_dict.txt", "41_empty.txt", "32_form_that_lost_the_order.txt"}),
)
def test_a_refusal_names_the_order_or_restaurant_as_far_as_known(name, payload):
    with pytest.raises(DecodeError) as caught:
        decoded(name, Hook.ORDER_INJECTION, payload)
    known = (caught.value.restaurant, caught.value.order_id)
    assert any(known)
    assert not any("<" in text for text in known)


@pytest.mark.parametrize(
    ("sample_name", "file"),
    [
        ("order_injection", "02_injection_sample.json"),
        ("order_change", "03_change_sample.json"),
    ],
)
def test_the_shipped_sample_is_the_published_one(sample_name, file, payload):
    assert sample(sample_name) == payload(file)
