"""Every partner payload of the collection is read, or refused for the reason written here."""

from dataclasses import replace
from pathlib import Path

import pytest

from bridge import canonical
from bridge.model import (
    CheckoutCancelled,
    CheckoutFinished,
    CheckoutStarted,
    GivenPrompt,
    Guest,
    IntegrationChanged,
    Modifier,
    PriceCheck,
    Remainder,
)
from bridge.sources.bbot import DecodeError, Hook, decode, sample

PAYLOADS = Path(__file__).parents[3] / "payloads" / "bbot"
FIRST_OF_PARTNERS = 45
JSON = "application/json"


def _event(name):
    return decode(None, sample(name), JSON).event


CHECK, STARTED, REFUND = map(_event, ("pricecheck", "checkout_beginning", "items_refunded"))
CART = CHECK.cart
(LINE,) = CART.lines
RESTAURANT = "ecde3351-606c-4971-ab5a-792bccb0e5e2"
CHECKOUT = "df744d21-0a6b-444d-9f0b-39c9506af848"
HERE = {"restaurant": RESTAURANT, "checkout_id": CHECKOUT}
NOW = "cart_items_this_restaurant"
STATED = f"cart_items_pretax_cents_{NOW.removeprefix('cart_items_')}"

HAVE_A_CODE = GivenPrompt(id="pos-bridge:info", kind="label", text="Have a code?")
OUR_BUTTON = GivenPrompt(id="pos-bridge:apply", kind="applybutton", text="Apply")
AUTO_BUTTON = GivenPrompt(id="2", kind="applybutton", text="Apply")
GIFT = GivenPrompt(id="pos-bridge:gift", kind="multiselect_group")


def _typed(value):
    return GivenPrompt(id="pos-bridge:code", kind="textinput", text="Promo code", value=value)


def _question(partner):
    return (
        GivenPrompt(id=f"{partner}_0", kind="label", text="What is 2+2?"),
        GivenPrompt(id=f"{partner}_1", kind="textinput"),
        AUTO_BUTTON,
    )


def _check(**changes):
    return PriceCheck(cart=replace(CART, **changes))


def _one_line(**changes):
    return _check(lines=(replace(LINE, **changes),))


def _left(*rows, **changes):
    return replace(REFUND, items=tuple(_remainder(*row) for row in rows), **changes)


def _remainder(number, price, tax):
    return Remainder(id=REFUND.items[number].id, price_cents=price, tax_cents=tax)


def _mod(name, price, tax):
    return Modifier(id=LINE.modifiers[0].id, name=name, price_cents=price, tax_cents=tax)


def _sum(stated, added):
    return f"{STATED} says {stated} while its parts add up to {added}"


def _out(number, reason):
    return f"{NOW}[{number}] is left out: {NOW}[{number}]{reason}"


WHOLE = "; send whole cents as a JSON integer"

READ = {
    "45a_pricecheck_sample.json": CHECK,
    "45b_pricecheck_as_published.json": CHECK,
    "45c_no_prompts_yet.json": _check(prompts=()),
    "45d_lists_as_text.json": CHECK,
    "45e_form.txt": CHECK,
    "45g_utf8_with_mark.json": CHECK,
    "45h_utf16_with_mark.json": CHECK,
    "45i_latin1.json": CHECK,
    "45j_letters_escaped.json": CHECK,
    "45k_accent_apart.json": CHECK,
    "46_code_typed.json": _check(prompts=(HAVE_A_CODE, _typed("LUNCH10"), OUR_BUTTON)),
    "47_wrong_code_typed.json": _check(prompts=(HAVE_A_CODE, _typed("lunch 1O"), OUR_BUTTON)),
    "48_label_after_success.json": _check(
        prompts=(GivenPrompt(id="pos-bridge:code", kind="label", text="LUNCH10 applied"),)
    ),
    "49a_prompts_of_others_with_one_id.json": _check(
        prompts=(*_question("bbot"), *_question("bbot2"))
    ),
    "49b_both_words_for_a_button.json": _check(prompts=(OUR_BUTTON, AUTO_BUTTON)),
    "49c_odd_prompts.json": _check(
        prompts=(GivenPrompt(id="x", kind="textinput", value='["a"]'),),
        remarks=(
            "prompts_to_guest[0] is not an object: ignored",
            "prompts_to_guest[1] is not an object: ignored",
            "prompts_to_guest[2] is not an object: ignored",
            "prompts_to_guest[3].prompt_id is missing or unusable: the prompt is left out",
            "prompts_to_guest[4].prompt_id is missing or unusable: the prompt is left out",
            "prompts_to_guest[5].value is not text: shown as it came",
        ),
    ),
    "50a_nothing_chosen.json": _check(prompts=(GIFT,)),
    "50b_one_chosen.json": _check(prompts=(replace(GIFT, selected=("Coffee",)),)),
    "50c_more_chosen_than_allowed.json": _check(
        prompts=(replace(GIFT, selected=("Cake", "Coffee")),)
    ),
    "50d_chosen_as_text.json": _check(prompts=(replace(GIFT, selected=("Cake", "Tea")),)),
    "51a_empty_cart.json": _check(lines=(), pretax_cents=0),
    "51b_quantity_0.json": _check(remarks=(_out(1, ".qty is not a number of portions"),)),
    "51c_quantity_99.json": _check(lines=(replace(LINE, quantity=99),), pretax_cents=118_206),
    "51d_modifiers_three_deep.json": _check(
        lines=(
            replace(
                LINE,
                quantity=2,
                price_cents=1225,
                tax_cents=109,
                modifiers=(
                    _mod("Plate", 100, 9),
                    _mod("-> Sauce", 20, 2),
                    _mod("-> -> Hot", 3, 0),
                ),
            ),
        ),
        pretax_cents=2450,
    ),
    "51e_items_of_other_restaurants.json": CHECK,
    "51f_cart_missing.json": _check(
        lines=(),
        pretax_cents=0,
        remarks=(f"{STATED} is missing: its lines are added up instead",),
    ),
    "51g_odd_lines.json": _check(
        remarks=(
            f"{NOW}[12] is not an object: ignored",
            f"{NOW}[13] is not an object: ignored",
            _out(1, f".pretax_cents is a number that is not a whole number of cents{WHOLE}"),
            _out(2, f".pretax_cents is text that is not a whole number of cents{WHOLE}"),
            _out(3, f".pretax_cents is true or false{WHOLE}"),
            _out(4, f".tax_cents is a list{WHOLE}"),
            _out(5, ".qty is not a number of portions"),
            _out(6, ".qty is not a number of portions"),
            _out(7, ".qty is not a number of portions"),
            _out(
                8, f".mods[0].pretax_cents is a number that is not a whole number of cents{WHOLE}"
            ),
            f"{NOW}[9] is left out: with {NOW}[9] the cart adds up to a number beyond 64 bits",
            _out(10, ".line_item_id is missing or unusable, so no discount can name it"),
            _out(11, ".line_item_id is missing or unusable, so no discount can name it"),
        )
    ),
    "51h_line_id_given_twice.json": _check(
        lines=(replace(LINE, id="1", quantity=1),),
        remarks=(
            _out(0, ".line_item_id is given twice, so a discount could fall on either"),
            _out(1, ".line_item_id is given twice, so a discount could fall on either"),
            _sum("35.82", "11.94"),
        ),
    ),
    "51i_amounts_as_text_and_whole_floats.json": CHECK,
    "51j_tags_of_both_kinds.json": _one_line(sku="CEV-1", tags=("spicy", "raw", "7")),
    "53a_guest_unknown.json": _check(guest_id="", guest=Guest()),
    "53b_guest_id_is_a_session.json": _check(guest_id="session:3f9a==", guest=Guest()),
    "53c_guest_id_is_a_number_and_all_fields.json": _check(
        guest_id="156",
        guest=Guest(name="Eric Wang", phone="5555555555", email="guest@example.com"),
    ),
    "55a_line_id_negative.json": _one_line(id="-1068112470"),
    "55b_line_id_is_a_number.json": _one_line(id="-38654715"),
    "55c_line_id_is_a_uuid.json": _one_line(id="b6bf90d5-9376-4143-a822-12ae1bbee68d"),
    "55d_line_id_with_blanks.json": _one_line(id=" 0038654715 "),
    "56a_checkout_beginning_sample.json": STARTED,
    "56b_checkout_beginning_as_published.json": STARTED,
    "56c_another_attempt.json": CheckoutStarted(
        cart=replace(STARTED.cart, prompts=(_typed("LUNCH10"),)),
        attempt_id="6f5ac9a1-2b9f-4a43-8b62-0f6a4a4b8a11",
    ),
    "56d_attempt_missing.json": replace(STARTED, attempt_id=""),
    "57a_unknown_event_type.json": IntegrationChanged(**HERE),
    "57b_integration_changed.json": IntegrationChanged(restaurant=RESTAURANT),
    "57c_nothing_known.json": IntegrationChanged(),
    "57d_event_type_in_capitals.json": CheckoutFinished(**HERE),
    "58a_checkout_finished.json": CheckoutFinished(**HERE),
    "58b_checkout_cancelled.json": CheckoutCancelled(**HERE),
    "58c_finished_only_the_ids.json": CheckoutFinished(**HERE),
    "58f_finished_with_a_cart_of_nonsense.json": CheckoutFinished(**HERE),
    "58g_finished_without_restaurant.json": CheckoutFinished(restaurant="", checkout_id=CHECKOUT),
    "58h_finished_form.txt": CheckoutFinished(**HERE),
    "59a_refund_sample.json": REFUND,
    "59c_part_of_an_amount.json": _left((0, 731, 65), (1, 1194, 106), (2, 1194, 106)),
    "59d_only_the_tax.json": _left((0, 1194, 0), (1, 1194, 0), (2, 1194, 0)),
    "59e_response_null.json": REFUND,
    "59f_only_the_service_charge.json": _left(
        (0, 1194, 106),
        (1, 1194, 106),
        (2, 1194, 106),
        charges=(replace(REFUND.charges[0], price_cents=504, tax_cents=45),),
    ),
    "59g_discounted_item.json": _left((0, 1094, 97), (1, 0, 0)),
    "59h_older_state.json": _left((0, 1194, 106), (1, 1194, 106), (2, 0, 0)),
    "59i_item_given_twice.json": _left((0, 0, 0), (1, 1194, 106)),
    "59j_no_service_charges.json": replace(REFUND, charges=()),
    "59k_lists_as_text.json": REFUND,
    "59l_form.txt": REFUND,
    "59m_ids_are_numbers.json": replace(
        REFUND, items=(Remainder(id="101", price_cents=1194, tax_cents=106),)
    ),
    "59r_money_is_negative.json": _left((0, -1, 106), (1, 0, 0), (2, 0, 0)),
}

REFUSED = {
    "45f_form_that_lost_the_cart.txt": (422, "nested_lost", "was lost when it was encoded"),
    "45l_trailing_comma.txt": (400, "bad_json", "comma stands before a closing bracket"),
    "45m_python_words.txt": (400, "bad_json", "the Python word False"),
    "45n_python_dict.txt": (400, "bad_json", "single quotation marks"),
    "45o_typographic_quotes.txt": (400, "bad_json", "typographic quotation mark"),
    "45p_duplicate_key.json": (400, "duplicate_key", '"checkout_id" is given twice'),
    "58d_finished_without_checkout.json": (422, "no_checkout", "checkout_id is missing"),
    "58e_cancelled_without_checkout.json": (422, "no_checkout", "checkout_id is missing"),
    "59b_refund_as_published.txt": (400, "bad_json", "the Python word None"),
    "59n_money_is_a_fraction.json": (422, "bad_money", "orderitems_now[0].pretax_cents_now is a"),
    "59o_money_is_dollars_as_text.json": (422, "bad_money", "orderitems_now[0].tax_cents_now is t"),
    "59p_money_is_true.json": (422, "bad_money", "orderitems_now[0].pretax_cents_now is true"),
    "59q_money_is_missing.json": (422, "bad_money", "orderitems_now[0].tax_cents_now is missing"),
    "59s_id_missing.json": (422, "bad_item", "orderitems_now[0].orderitem_id is missing"),
    "59t_items_missing.json": (422, "no_items", "orderitems_now is missing"),
    "59u_items_are_not_a_list.json": (422, "no_items", "orderitems_now is not a list"),
    "59v_an_item_is_not_an_object.json": (422, "bad_item", "orderitems_now[3] is not an object"),
    "59w_nothing_named.json": (422, "no_items", "orderitems_now is empty"),
    "59x_checkout_missing.json": (422, "no_checkout", "checkout_id is missing"),
    "59y_charge_is_a_fraction.json": (422, "bad_money", "service_charges_now[0].tax_cents_now is"),
}


def _type(name):
    return f"{JSON}; charset=latin-1" if "latin1" in name else JSON


def test_every_partner_payload_of_the_collection_is_listed_once():
    names = {path.name for path in PAYLOADS.iterdir()} - {"README.md"}
    assert {name for name in names if int(name[:2]) >= FIRST_OF_PARTNERS} == {*REFUSED, *READ}
    assert not {*REFUSED} & {*READ}


@pytest.mark.parametrize("address", [None, Hook.PROMO, Hook.CHECKOUT_FINISHED])
@pytest.mark.parametrize("name", READ)
def test_a_usable_payload_gives_its_event(name, address, payload):
    assert decode(address, payload(name), _type(name)).event == READ[name]


@pytest.mark.parametrize("name", READ)
def test_an_event_survives_the_way_through_the_canonical_form(name, payload):
    event = decode(None, payload(name), _type(name)).event
    assert canonical.decode(type(event), canonical.encode(event)) == event


@pytest.mark.parametrize("name", REFUSED)
def test_an_unusable_payload_is_refused_with_its_reason_and_place(name, payload):
    with pytest.raises(DecodeError) as caught:
        decode(None, payload(name), _type(name))
    status, code, found = REFUSED[name]
    assert (caught.value.status, caught.value.code) == (status, code)
    assert found in caught.value.detail


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_tells_nothing_about_the_guest_or_the_dishes(name, payload):
    with pytest.raises(DecodeError) as caught:
        decode(None, payload(name), _type(name))
    for private in ("5555555555", "example.com", "Ceviche"):
        assert private not in caught.value.detail


@pytest.mark.parametrize("name", sorted({*REFUSED} - {"45n_python_dict.txt"}))
def test_a_refusal_names_the_restaurant_and_checkout_as_far_as_known(name, payload):
    with pytest.raises(DecodeError) as caught:
        decode(None, payload(name), _type(name))
    assert caught.value.restaurant == RESTAURANT
    assert caught.value.checkout_id == ("" if caught.value.code == "no_checkout" else CHECKOUT)


@pytest.mark.parametrize("name", [name for name in REFUSED if name.startswith("59")])
def test_a_refund_that_was_read_and_not_understood_is_still_known_as_a_refund(name, payload):
    with pytest.raises(DecodeError) as caught:
        decode(None, payload(name), _type(name))
    assert caught.value.hook is (Hook.ITEMS_REFUNDED if caught.value.status == 422 else None)


@pytest.mark.parametrize(
    ("sample_name", "file"),
    [
        ("pricecheck", "45a_pricecheck_sample.json"),
        ("checkout_beginning", "56a_checkout_beginning_sample.json"),
        ("checkout_finished", "58a_checkout_finished.json"),
        ("checkout_cancelled", "58b_checkout_cancelled.json"),
        ("items_refunded", "59a_refund_sample.json"),
    ],
)
def test_the_shipped_sample_is_the_one_of_the_collection(sample_name, file, payload):
    assert sample(sample_name) == payload(file)
