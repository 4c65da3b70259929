"""45 to 57: each file of a cart, and what guests and partners do one call after the other."""

import asyncio

import orjson
import pytest

from tests.doorway import PAYLOADS
from tests.integration.payloads.house import ANYBODY, SMALL, payload

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIRST, LAST = 45, 57
CHECK, START = "45a_pricecheck_sample.json", "56a_checkout_beginning_sample.json"
TYPED = "46_code_typed.json"
QUOTED, ALLOWED = (200, "quoted"), (200, "allowed")
ARCHIVED, BAD_JSON = (200, "archived"), (400, "bad_json")
EMPTY = {"prompts_to_guest": [], "discounts": None, "allow_checkout": True}
OFF = [
    {
        "name_for_guest": "Lunch",
        "total_cents_to_add": -358,
        "distribution_among_line_items": [{"line_item_id": "38654715", "cents_to_add": -358}],
    }
]
# What a file gets if it is no price check that is answered, or no start that is allowed.
OTHERWISE = {
    "45f_form_that_lost_the_cart.txt": (200, "nested_lost"),
    "45l_trailing_comma.txt": BAD_JSON,
    "45m_python_words.txt": BAD_JSON,
    "45n_python_dict.txt": BAD_JSON,
    "45o_typographic_quotes.txt": BAD_JSON,
    "45p_duplicate_key.json": (400, "duplicate_key"),
    "57a_unknown_event_type.json": ARCHIVED,
    "57b_integration_changed.json": ARCHIVED,
    "57c_nothing_known.json": ARCHIVED,
    "57d_event_type_in_capitals.json": (200, "recorded"),
}
NAMES = sorted(path.name for path in PAYLOADS.glob("[0-9]*") if FIRST <= int(path.name[:2]) <= LAST)
# Once a guest has typed the code: what is taken off which line.
SHARES = {
    "49a_prompts_of_others_with_one_id.json": {"38654715": -358},
    "49b_both_words_for_a_button.json": {"38654715": -358},
    "50b_one_chosen.json": {"38654715": -358},
    "51a_empty_cart.json": {},
    "51b_quantity_0.json": {"38654715": -358},
    "51c_quantity_99.json": {"38654715": -11821},
    "51d_modifiers_three_deep.json": {"38654715": -245},
    "51e_items_of_other_restaurants.json": {"38654715": -358},
    "51g_odd_lines.json": {"38654715": -358},
    "51h_line_id_given_twice.json": {"1": -119},
    "53a_guest_unknown.json": {"38654715": -358},
    "53b_guest_id_is_a_session.json": {"38654715": -358},
    "53c_guest_id_is_a_number_and_all_fields.json": {"38654715": -358},
    "55a_line_id_negative.json": {"-1068112470": -358},
    "55b_line_id_is_a_number.json": {"-38654715": -358},
    "55c_line_id_is_a_uuid.json": {"b6bf90d5-9376-4143-a822-12ae1bbee68d": -358},
    "55d_line_id_with_blanks.json": {" 0038654715 ": -358},
}


def ask(house):
    """The prompts by which a guest is asked for a code."""
    ours = f"pos-bridge:{house.name}"
    return [
        {
            "prompt_id": f"{ours}:code",
            "prompt_type": "textinput",
            "heading": "Promo code",
            "value": "",
        },
        {
            "prompt_id": f"{ours}:apply",
            "prompt_type": "applybutton",
            "buttontext": "Apply",
            "button_text": "Apply",
        },
    ]


def say(house, text):
    return [
        {
            "prompt_id": f"pos-bridge:{house.name}:result",
            "prompt_type": "label",
            "text": text,
            "size": "",
        },
        *ask(house),
    ]


def ours(house, name, **changes):
    """The file with the ids of the prompts that this restaurant gave."""
    text = payload(name).replace(b'"pos-bridge:', f'"pos-bridge:{house.name}:'.encode())
    return orjson.dumps(orjson.loads(text) | changes)


def typed(house, name, code="lunch10"):
    """The cart of a file after the guest has typed a code into our text input."""
    document = orjson.loads(payload(name))
    document.setdefault("prompts_to_guest", []).append(
        {"prompt_id": f"pos-bridge:{house.name}:code", "prompt_type": "textinput", "value": code}
    )
    return orjson.dumps(document)


def shares(answer):
    """Cents by line of the only discount; {} without one."""
    discounts = answer.document["discounts"] or [{}]
    (only,) = discounts
    rows = only.get("distribution_among_line_items", [])
    assert sum(row["cents_to_add"] for row in rows) == only.get("total_cents_to_add", 0)
    return {row["line_item_id"]: row["cents_to_add"] for row in rows}


@pytest.mark.parametrize("name", NAMES)
async def test_a_cart_is_answered_kept_and_makes_no_ticket(house, name):
    here = house()
    expected = OTHERWISE.get(name, ALLOWED if name.startswith("56") else QUOTED)
    answer = await here.post_file(name, "promo")
    (row,) = await here.rows()

    assert (row["status"], row["code"], row["body"]) == (*expected, payload(name))
    assert answer.status == expected[0]
    if expected in {QUOTED, ALLOWED}:
        allowed = {"allow_checkout": True} if expected == ALLOWED else {}
        asked = {"prompts_to_guest": ask(here), "discounts": None}
        assert answer.document == asked | allowed
    assert await here.tickets() == []


async def test_45_a_restaurant_without_promotions_says_nothing(house):
    here = house(SMALL)
    document = orjson.loads(payload(CHECK)) | {"restaurant_id": SMALL}
    answer = await here.post(orjson.dumps(document), "promo")

    assert answer.document == {"prompts_to_guest": [], "discounts": None}


async def test_45_a_cart_that_was_lost_on_its_way_blocks_no_guest(house):
    here = house()

    assert (await here.post_file("45f_form_that_lost_the_cart.txt", "promo")).document == EMPTY


async def test_46_the_right_code_takes_its_part_off(house):
    here = house()
    answer = await here.post(ours(here, TYPED), "promo")

    assert answer.document == {"prompts_to_guest": say(here, "Lunch: 3.58 off."), "discounts": OFF}


async def test_47_a_wrong_code_is_said_so_and_takes_nothing_off(house):
    here = house()
    answer = await here.post(ours(here, "47_wrong_code_typed.json"), "promo")

    said = say(here, "This code is not known here.")
    assert answer.document == {"prompts_to_guest": said, "discounts": None}


@pytest.mark.parametrize("returned", ["what was shown", "a label in place of the text input"])
async def test_48_after_success_the_discount_stays_without_a_code(house, returned):
    here = house()
    first = await here.post(ours(here, TYPED), "promo")
    prompts = {"prompts_to_guest": first.document["prompts_to_guest"]}
    label = "48_label_after_success.json"
    body = ours(here, TYPED, **prompts) if returned == "what was shown" else ours(here, label)
    second = await here.post(body, "promo")

    assert second.document == first.document


async def test_48_a_label_is_no_code(house):
    here = house()
    answer = await here.post(ours(here, "48_label_after_success.json"), "promo")

    assert answer.document == {"prompts_to_guest": ask(here), "discounts": None}


@pytest.mark.parametrize("name", SHARES)
async def test_a_discount_falls_on_the_lines_of_the_file_to_the_cent(house, name):
    here = house()
    answer = await here.post(typed(here, name), "promo")

    assert (answer.status, shares(answer)) == (200, SHARES[name])


async def test_52_two_hundred_price_checks_of_one_checkout_get_one_answer(house):
    here = house()
    body = ours(here, TYPED)
    answers = [
        answer
        for _ in range(10)
        for answer in await asyncio.gather(*(here.post(body, "promo") for _ in range(20)))
    ]

    assert {(answer.status, answer.body) for answer in answers} == {(200, answers[0].body)}
    assert len(await here.rows()) == 200


async def test_56_a_start_repeats_what_the_price_check_took_off(house):
    here = house()
    check = await here.post(ours(here, TYPED), "promo")
    start = await here.post_file(START, "promo")
    again = await here.post_file("56c_another_attempt.json", "promo")

    assert start.document == check.document | {"allow_checkout": True}
    assert again.document == start.document
    assert [row["code"] for row in await here.rows()] == ["quoted", "allowed", "allowed"]


@pytest.mark.parametrize(
    "hook", ["", "checkout-finished", "checkout-cancelled", "items-refunded", "integration-changed"]
)
async def test_57_a_cart_at_another_address_is_known_by_its_event_type(house, hook):
    here = house()
    check = await here.post(payload(CHECK), hook, **ANYBODY)
    start = await here.post(payload(START), hook, **ANYBODY)

    assert check.document == {"prompts_to_guest": ask(here), "discounts": None}
    assert start.document == check.document | {"allow_checkout": True}
    assert [row["hook"] for row in await here.rows()] == ["promo", "promo"]


@pytest.mark.parametrize("hook", ["", "promo", "integration-changed", "checkout-finished"])
@pytest.mark.parametrize(
    "name",
    ["57a_unknown_event_type.json", "57b_integration_changed.json", "57c_nothing_known.json"],
)
async def test_57_what_is_unknown_is_archived_wherever_it_comes(house, hook, name):
    here = house()
    answer = await here.post(payload(name), hook)
    (row,) = await here.rows()

    assert (answer.status, row["code"], row["body"]) == (200, "archived", payload(name))
    assert row["stage"] is None
