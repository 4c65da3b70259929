"""Each rule of the platform's pages, broken once."""

import orjson
import pytest

from bridge.model import Cart, CartLine, GivenPrompt, Guest
from bridge.testing.reply_rules import violations

LINES = (
    CartLine(id="1", menu_item_id="a", name="A", quantity=2, price_cents=500),
    CartLine(id="2", menu_item_id="b", name="B", quantity=1, price_cents=333),
)
CART = Cart(
    source="bbot",
    restaurant="north",
    checkout_id="c",
    lines=LINES,
    pretax_cents=1333,
    guest_id="eric@example.test",
    guest=Guest(name="Eric", phone="5551234567", email="eric.wang@example.test"),
    prompts=(GivenPrompt(id="pos-bridge:south:x", kind="label"),),
)
ID = "pos-bridge:north:"
LABEL = {"prompt_id": f"{ID}why", "prompt_type": "label", "text": "Closed.", "size": ""}
FIELD = {"prompt_id": f"{ID}code", "prompt_type": "textinput", "heading": "Code", "value": ""}
BUTTON = {
    "prompt_id": f"{ID}go",
    "prompt_type": "applybutton",
    "buttontext": "Go",
    "button_text": "Go",
}
YES, NO = {"selected": True, "contents": "Yes"}, {"selected": False, "contents": "No"}
GROUP = {
    "prompt_id": f"{ID}ask",
    "prompt_type": "multiselect_group",
    "min_selectable": 0,
    "max_selectable": 1,
    "choices": [YES, NO],
}


def row(line, cents):
    return {"line_item_id": line, "cents_to_add": cents}


def off(*rows, total=None, **more):
    return {
        "total_cents_to_add": sum(each["cents_to_add"] for each in rows)
        if total is None
        else total,
        "name_for_guest": "Ten",
        "distribution_among_line_items": list(rows),
        **more,
    }


def found(prompts=(), discounts=None, *, starts=False, **more):
    body = {"prompts_to_guest": prompts, "discounts": discounts, **more}
    return violations(orjson.dumps(body), CART, starts=starts)


def without(prompt, key):
    return {name: value for name, value in prompt.items() if name != key}


@pytest.mark.parametrize(
    ("prompts", "discounts"),
    [
        ([], None),
        ([LABEL, FIELD, BUTTON, GROUP], None),
        ([], [off(row("1", -1000), row("2", -333))]),
    ],
)
def test_what_keeps_every_rule_is_sound(prompts, discounts):
    assert found(prompts, discounts) == []
    assert found(prompts, discounts, starts=True, allow_checkout=True) == []


@pytest.mark.parametrize(
    ("sentence", "prompts"),
    [
        ("the prompts are not a list of objects", "x"),
        ("the prompts are not a list of objects", ["x"]),
        ("a prompt without an id that is text", [LABEL | {"prompt_id": 2}]),
        ("a prompt without an id that is text", [without(LABEL, "prompt_id")]),
        ("two prompts have one id", [LABEL, LABEL]),
        ("a prompt id without our prefix", [LABEL | {"prompt_id": "why"}]),
        (
            "a prompt has the id of another partner's",
            [LABEL | {"prompt_id": "pos-bridge:south:x"}],
        ),
        ("a prompt of no known type", [LABEL | {"prompt_type": "image"}]),
        ("a prompt of no known type", [LABEL | {"prompt_type": []}]),
        ("a label has values of other types", [LABEL | {"text": None}]),
        ("a label has other keys", [without(LABEL, "text")]),
        ("a label has other keys", [LABEL | {"value": ""}]),
        ("a field to type into without a button of our own", [FIELD]),
        ("a button says nothing, or two things", [BUTTON | {"button_text": "Stop"}]),
        ("a button says nothing, or two things", [BUTTON | {"button_text": "", "buttontext": ""}]),
        ("more or less is to be chosen than there is", [GROUP | {"min_selectable": 2}]),
        ("more or less is to be chosen than there is", [GROUP | {"max_selectable": 3}]),
        ("there is nothing to choose from", [GROUP | {"choices": [], "max_selectable": 0}]),
        ("more is selected than may be", [GROUP | {"choices": [YES, YES]}]),
        ("a choice that is none", [GROUP | {"choices": [YES | {"selected": "yes"}]}]),
        ("a choice that is none", [GROUP | {"choices": [YES | {"contents": 3}]}]),
        ("a choice that is none", [GROUP | {"choices": ["Yes"]}]),
        ("it says who the guest is", [LABEL | {"text": "Hello ERIC.WANG@example.test"}]),
        ("it says who the guest is", [LABEL | {"text": "Call 5551234567"}]),
        ("it says who the guest is", [LABEL | {"text": "You are eric@example.test"}]),
    ],
)
def test_a_prompt_that_breaks_a_rule_is_found(sentence, prompts):
    assert sentence in found(prompts)


@pytest.mark.parametrize(
    ("sentence", "discounts"),
    [
        ("the discounts are neither null nor one", {}),
        ("the discounts are neither null nor one", []),
        ("the discounts are neither null nor one", [off(row("1", -1))] * 2),
        ("a discount has other keys", [1]),
        ("a discount has other keys", [off(row("1", -1)) | {"kind": "loyalty"}]),
        ("a discount without a name", [off(row("1", -1), name_for_guest=" ")]),
        ("a discount without a name", [off(row("1", -1), name_for_guest=None)]),
        *(
            (
                "a discount that is not between 0 and the price of the cart",
                [off(row("1", -1), total=total)],
            )
            for total in (0, 5, -1334, True, -1.0, "-100")
        ),
        ("a distribution that is no list of rows", [off(total=-1)]),
        ("a distribution of what is not below 0", [off(row("1", -2), row("2", 1))]),
        ("a distribution that does not add up", [off(row("1", -2), total=-3)]),
        ("a distribution over lines that are not there, or twice", [off(row("3", -1))]),
        ("a distribution over lines that are not there, or twice", [off(row(1, -1))]),
        (
            "a distribution over lines that are not there, or twice",
            [off(row("1", -1), row("1", -1))],
        ),
        ("more off a line than it costs", [off(row("2", -334))]),
    ],
)
def test_a_discount_that_breaks_a_rule_is_found(sentence, discounts):
    assert sentence in found([], discounts)


def test_a_price_check_is_not_asked_whether_there_may_be_a_checkout():
    assert found(allow_checkout=True) == ["the answer has other keys"]


@pytest.mark.parametrize(
    ("sentence", "prompts", "allow"),
    [
        ("allow_checkout is not true or false", [], "true"),
        ("allow_checkout is not true or false", [], None),
        ("no checkout, and no label that says why", [], False),
        ("no checkout, and no label that says why", [LABEL | {"text": ""}], False),
    ],
)
def test_the_start_of_a_checkout_says_yes_or_no_and_why(sentence, prompts, allow):
    assert sentence in found(prompts, starts=True, allow_checkout=allow)
    assert found([LABEL], starts=True, allow_checkout=False) == []


@pytest.mark.parametrize(
    "body", [b"", b"oops", b'{"prompts_to_guest": NaN}', b'{"discounts": 1, "discounts": 2}', b"[]"]
)
def test_what_is_no_json_object_is_no_answer(body):
    assert len(violations(body, CART, starts=False)) == 1


def test_what_the_restaurant_is_called_in_the_ids_may_be_left_open():
    body = orjson.dumps({"prompts_to_guest": [LABEL | {"prompt_id": "ours"}], "discounts": None})
    assert violations(body, CART, starts=False, prefix="ours") == []
