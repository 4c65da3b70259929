import json

import pytest

from bridge.model import (
    Cart,
    CartLine,
    CheckoutStarted,
    GivenPrompt,
    Guest,
    Modifier,
    PriceCheck,
)
from bridge.sources.bbot import Hook, sample

LINES = "cart_items_this_restaurant"
STATED = "cart_items_pretax_cents_this_restaurant"

FREE = {"pretax_cents": 0, "tax_cents": 0, "mods": []}

PUBLISHED_LINE = CartLine(
    id="38654715",
    menu_item_id="b80328d4-d5ff-4676-a224-22e7014a0d14",
    name="Ceviche",
    quantity=3,
    price_cents=1194,
    tax_cents=106,
    modifiers=(
        Modifier(
            id="b80330d7-9abd-40f9-8c88-b006d4308267",
            name="\u00c8clairs",
            price_cents=92,
            tax_cents=8,
        ),
    ),
    category="food",
)
PUBLISHED_CART = Cart(
    source="bbot",
    restaurant="ecde3351-606c-4971-ab5a-792bccb0e5e2",
    checkout_id="df744d21-0a6b-444d-9f0b-39c9506af848",
    lines=(PUBLISHED_LINE,),
    pretax_cents=3582,
    fulfilment="Delivery by driver",
    fulfilment_code="driver_delivery",
    table_id="b8032110-6bb9-4d7f-b875-75f8da64e356",
    guest_id="guest@example.com",
    guest=Guest(phone="5555555555"),
    prompts=(GivenPrompt(id="example_bbot_0", kind="label", text="This is a label"),),
)


@pytest.fixture
def check(published):
    """The published price check, free to be altered."""
    return published("pricecheck")


@pytest.fixture
def cart(check, hear):
    """The cart of the published price check with other fields."""
    return lambda **fields: hear(check | fields, Hook.PROMO).event.cart


@pytest.fixture
def lines(check, cart):
    """What is read of a line with other fields and of a sound one after it; the remarks."""

    def read(**fields):
        first = check[LINES][0]
        found = cart(**{LINES: [first | fields, first | {"line_item_id": "sound", "qty": 1}]})
        return found.lines, found.remarks

    return read


def test_the_published_price_check_is_read_whole(hear):
    assert hear(sample("pricecheck")).event == PriceCheck(cart=PUBLISHED_CART)


def test_the_published_begin_of_a_checkout_is_read_whole(hear):
    event = hear(sample("checkout_beginning")).event
    assert isinstance(event, CheckoutStarted)
    assert event.attempt_id == "ba028461-e694-4f86-896b-7928d689d8db"
    assert event.cart.lines == (PUBLISHED_LINE,)
    assert (event.cart.guest, event.cart.prompts) == (Guest(), ())


def test_lines_add_up_to_what_the_platform_states(cart):
    assert cart().total_cents == cart().pretax_cents == 3582


@pytest.mark.parametrize("name", ["restaurant_id", "checkout_id", "table_id", "fulfillment_method"])
@pytest.mark.parametrize("value", [None, "", {}, [1], True, 1.5])
def test_a_cart_can_do_without_any_id(name, value, cart):
    found = cart(**{name: value})
    assert found.lines == (PUBLISHED_LINE,)


def test_missing_ids_are_empty_and_remarked_on(hear):
    found = hear({"event_type": "pricecheck"}).event.cart
    assert (found.restaurant, found.checkout_id, found.guest_id) == ("", "", "")
    assert "checkout_id is missing" in found.remarks


@pytest.mark.parametrize(
    "fields",
    [
        {"pretax_cents": 1.5},
        {"pretax_cents": True},
        {"pretax_cents": "11.00"},
        {"pretax_cents": [1]},
        {"pretax_cents": 2**63},
        {"tax_cents": "-"},
        {"tax_cents": 0.1},
        {"mods": [{"name": "Large", "pretax_cents": 0.5}]},
        {"mods": [{"name": "Large", "mods": [{"name": "x", "tax_cents": False}]}]},
        {"mods": {"name": "Large"}},
        {"mods": [7]},
        {"mods": "[{"},
        {"qty": 0},
        {"qty": -1},
        {"qty": "-1"},
        {"qty": 1.5},
        {"qty": True},
        {"qty": "three"},
        {"qty": [3]},
        {"qty": 10**30},
        {"qty": 2**53, "pretax_cents": 2**53},
        FREE | {"qty": 2**53, "tax_cents": 2**53},
        FREE | {"qty": 2**63},
        FREE | {"qty": str(2**53)},
        FREE | {"qty": 1e16},
        {"line_item_id": None},
        {"line_item_id": ""},
        {"line_item_id": " "},
        {"line_item_id": 1.5},
        {"line_item_id": True},
        {"line_item_id": ["38654715"]},
        {"line_item_id": "x" * 256},
        {"line_item_id": "\ud800"},
        {"line_item_id": "a\u001b[2J"},
    ],
)
def test_a_line_that_is_not_understood_is_left_out_alone(fields, lines):
    found, remarks = lines(**fields)
    assert [line.id for line in found] == ["sound"]
    assert any(remark.startswith(f"{LINES}[0] is left out: ") for remark in remarks)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("38654715", "38654715"),
        (38654715, "38654715"),
        (-1068112470, "-1068112470"),
        (2**70, str(2**70)),
        ("-5", "-5"),
        ("+05", "+05"),
        (" 7 ", " 7 "),
        ("<id>", "<id>"),
        ("b6bf90d5-9376-4143-a822-12ae1bbee68d", "b6bf90d5-9376-4143-a822-12ae1bbee68d"),
        ("E\u0301", "E\u0301"),
    ],
)
def test_a_line_id_is_kept_as_the_text_that_was_sent(sent, kept, lines):
    found, _ = lines(line_item_id=sent)
    assert found[0].id == kept


def test_a_line_id_may_be_spelt_as_in_a_refund(check, cart):
    check[LINES][0]["lineitem_id"] = check[LINES][0].pop("line_item_id")
    assert cart().lines == (PUBLISHED_LINE,)


@pytest.mark.parametrize(("sent", "read"), [("3", 3), (3.0, 3), (" 3 ", 3), (None, 1), ("", 1)])
def test_a_quantity_may_be_text_or_missing(sent, read, lines):
    found, _ = lines(qty=sent)
    assert found[0].quantity == read


def test_lines_with_one_id_are_both_left_out_even_if_one_of_them_is_odd(check, cart):
    first = check[LINES][0]
    found = cart(**{LINES: [first, first | {"line_item_id": 38654715, "qty": 1.5}]})
    assert found.lines == ()
    assert len([remark for remark in found.remarks if "given twice" in remark]) == 2


def test_no_cart_adds_up_to_a_number_beyond_64_bits(check, cart):
    first = check[LINES][0] | {"qty": 1}
    huge = [first | {"line_item_id": name, "pretax_cents": 2**62} for name in "abc"]
    found = cart(**{LINES: [*huge, first]})
    assert [line.id for line in found.lines] == ["a", "38654715"]


def test_a_price_with_its_modifiers_may_be_below_zero(lines):
    found, _ = lines(mods=[{"name": "Voucher", "pretax_cents": -2000, "tax_cents": 0}])
    assert found[0].price_cents == 1102 - 2000


def test_a_line_without_price_costs_nothing_and_is_remarked_on(lines):
    found, remarks = lines(pretax_cents=None)
    assert found[0].price_cents == 92
    assert f"{LINES}[0].pretax_cents is missing: taken as 0" in remarks


def test_modifiers_deeper_than_the_cap_cost_the_line_and_no_more(check, cart):
    mods = "[]"
    for _ in range(4):
        deep = json.loads(mods)
        for _ in range(12):
            deep = [{"name": "More", "pretax_cents": 1, "tax_cents": 0, "mods": deep}]
        mods = json.dumps(deep)
        mods = json.dumps([{"name": "Text", "pretax_cents": 0, "tax_cents": 0, "mods": mods}])
    found = cart(**{LINES: [check[LINES][0] | {"mods": mods}]})
    assert found.lines == ()
    assert "nested deeper" in found.remarks[0]


@pytest.mark.parametrize("value", [7, "nonsense", {"a": 1}, True, "[{'qty': 1}]", "[1, 2"])
@pytest.mark.parametrize("name", [LINES, "prompts_to_guest", "cart_items_other_restaurants"])
def test_a_list_that_is_none_is_no_error(name, value, cart):
    found = cart(**{name: value})
    assert found.checkout_id == PUBLISHED_CART.checkout_id


def test_a_line_may_come_as_text_on_its_own(check, cart):
    assert cart(**{LINES: [json.dumps(check[LINES][0])]}).lines == (PUBLISHED_LINE,)


@pytest.mark.parametrize("stated", [None, "", 1.5, True, "35.82", [3582]])
def test_a_sum_that_is_not_stated_is_added_up(stated, cart):
    found = cart(**{STATED: stated})
    assert found.pretax_cents == 3582
    assert any(remark.startswith(STATED) for remark in found.remarks)


@pytest.mark.parametrize(("stated", "read"), [(3581, 3581), ("3583", 3583), (0, 0), (-1, -1)])
def test_a_stated_sum_is_kept_and_compared(stated, read, cart):
    found = cart(**{STATED: stated})
    assert found.pretax_cents == read
    assert any("while its parts add up to 35.82" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        (None, ()),
        ([], ()),
        ("", ()),
        ("spicy", ("spicy",)),
        (["spicy", "", None, 7, True], ("spicy", "7")),
        ('["spicy"]', ("spicy",)),
        ([{"name": "raw", "id": "1"}, {"tag": "cold"}, {"id": "2"}, {"name": ["x"]}, {}], None),
        ({"name": "raw"}, ("raw",)),
    ],
)
def test_tags_are_words_or_objects(tags, read, lines):
    found, _ = lines(tags=tags)
    assert found[0].tags == (("raw", "cold", "2") if read is None else read)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"guest_first_name": "Eric", "guest_last_name": "Wang"}, "Eric Wang"),
        ({"guest_last_name": "Wang"}, "Wang"),
        ({"guest_name": "E. Wang", "guest_first_name": "Eric"}, "E. Wang"),
        ({"guest_name": None}, ""),
    ],
)
def test_the_guest_is_named_as_far_as_known(fields, name, cart):
    assert cart(**fields).guest == Guest(name=name, phone="5555555555")


@pytest.mark.parametrize("phone", [5555555555, "5555555555"])
def test_phone_and_email_are_those_of_the_guest(phone, cart):
    guest = cart(guest_phone=phone, guest_email="guest@example.com").guest
    assert guest == Guest(phone="5555555555", email="guest@example.com")


@pytest.mark.parametrize(
    ("sent", "kept"), [("guest@example.com", None), (156, "156"), ("a=b;c", None), (None, "")]
)
def test_the_guests_id_is_opaque(sent, kept, cart):
    assert cart(guest_id=sent).guest_id == (sent if kept is None else kept)


def test_what_is_remarked_on_tells_nothing_that_the_guest_typed(cart):
    found = cart(
        guest_email=["guest@example.com"],
        prompts_to_guest=[{"prompt_id": "p", "value": {"typed": "Secret"}}],
    )
    assert found.remarks
    assert not any("Secret" in text or "example" in text for text in found.remarks)
