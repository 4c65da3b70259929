"""What the answers to price checks and checkout starts say."""

import json
from dataclasses import replace

import pytest

from bridge.model import (
    ApplyButton,
    Choice,
    Choices,
    Discount,
    GivenPrompt,
    Label,
    Quote,
    TextInput,
)
from bridge.sources.bbot.reply import own_prompts
from bridge.testing.reply_rules import violations
from tests.answers import CART, answer, discounts, off, problems, prompts, rows


@pytest.mark.parametrize("allow", [None, True, False])
def test_nothing_to_say_is_an_empty_list_and_null(allow):
    found = answer(Quote(), allow=allow)
    assert found["discounts"] is None
    assert ("allow_checkout" in found) is (allow is not None)
    assert found.get("allow_checkout") is allow
    assert bool(found["prompts_to_guest"]) is (allow is False)


def test_the_sample_answer_is_made_as_the_platform_shows_it():
    quote = Quote(
        prompts=(Label(id="0", text="This is a label"), ApplyButton(id="1", text="Apply")),
        discount=off(100, ("38654715", 100), name="Just Because Discount"),
    )
    assert answer(quote) == {
        "prompts_to_guest": [
            {
                "prompt_id": "pos-bridge:grill:0",
                "prompt_type": "label",
                "text": "This is a label",
                "size": "",
            },
            {
                "prompt_id": "pos-bridge:grill:1",
                "prompt_type": "applybutton",
                "buttontext": "Apply",
                "button_text": "Apply",
            },
        ],
        "discounts": [
            {
                "name_for_guest": "Just Because Discount",
                "total_cents_to_add": -100,
                "distribution_among_line_items": [
                    {"line_item_id": "38654715", "cents_to_add": -100}
                ],
            }
        ],
    }
    assert problems(quote) == ()


@pytest.mark.parametrize("amount", [0, -100, True, 100.0, 99.5, "100", None, float("nan"), [100]])
def test_an_amount_that_is_no_number_of_cents_is_dropped(amount):
    assert discounts(off(amount)) is None
    assert problems(Quote(discount=off(amount))) == (
        "the discount is not a whole number of cents above 0: dropped",
    )


def test_a_discount_without_shares_is_spread_by_price():
    assert rows(off(100)) == {"38654715": -93, "-5": -7}
    assert problems(Quote(discount=off(100))) == ()


def test_a_discount_of_more_than_the_cart_costs_is_cut():
    assert rows(off(10**30)) == {"38654715": -3582, "-5": -250}
    assert rows(off(5000), replace(CART, pretax_cents=100)) == {"38654715": -93, "-5": -7}


def test_of_two_discounts_the_first_is_kept():
    found = discounts([off(100), off(50)])
    assert [each["total_cents_to_add"] for each in found] == [-100]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ([("38654715", 60), ("-5", 40)], {"38654715": -60, "-5": -40}),
        ([("-5", 40), ("38654715", 60), ("38654715", 0)], {"38654715": -60, "-5": -40}),
        ([("38654715", 50), ("-5", 40)], {"38654715": -93, "-5": -7}),
        ([("38654715", 50), ("38654715", 50)], {"38654715": -100}),
        ([("38654715", 50), ("unknown", 50)], {"38654715": -100}),
        ([("38654715", True), ("-5", 99)], {"-5": -100}),
        ([(38654715, 50), ("-5", 50)], {"-5": -100}),
    ],
)
def test_shares_that_do_not_fit_are_spread_again_over_the_lines_they_name(given, sent):
    assert rows(off(100, *given)) == sent


def test_a_share_larger_than_its_line_is_not_sent():
    assert rows(off(300, ("-5", 300))) == {"-5": -250}
    assert rows(off(300, ("-5", 290), ("38654715", 10))) == {"38654715": -280, "-5": -20}


def test_a_discount_for_lines_that_are_not_in_the_cart_is_dropped():
    assert discounts(off(100, ("unknown", 100))) is None
    assert discounts(Discount(name="x", amount_cents=100, shares={"-5": 100})) is None


@pytest.mark.parametrize("name", ["", "  ", None, 5, "Eric Wang's", "for eric@example.com"])
def test_a_discount_without_a_name_to_show_gets_one(name):
    (found,) = discounts(off(100, name=name))
    assert found["name_for_guest"] == "Discount"


def test_ids_are_ours_alone():
    (found,) = prompts(Label(id="example_bbot_0", text="x"))
    assert found["prompt_id"] == "pos-bridge:grill:example_bbot_0"


def test_a_number_is_as_good_an_id_as_a_text():
    assert prompts(Label(id=7, text="x"))[0]["prompt_id"] == "pos-bridge:grill:7"


@pytest.mark.parametrize("bad", ["", " ", None, True, 1.5, "x" * 121, "eric@example.com"])
def test_a_prompt_without_a_usable_id_is_dropped(bad):
    assert prompts(Label(id=bad, text="x")) == []


def test_of_two_prompts_with_one_id_the_first_is_kept():
    assert [each["text"] for each in prompts(Label(id="a", text="1"), Label(id="a", text="2"))] == [
        "1"
    ]


def test_a_text_input_brings_a_button_of_our_own():
    taken = (TextInput(id="a", heading="Card"), Label(id="apply", text="x"))
    found = prompts(*taken)
    assert found[0] == {
        "prompt_id": "pos-bridge:grill:a",
        "prompt_type": "textinput",
        "heading": "Card",
        "value": "",
    }
    assert found[-1]["prompt_type"] == "applybutton"
    assert found[-1]["prompt_id"] == "pos-bridge:grill:apply-2"


@pytest.mark.parametrize("text", ["", None, 5, "\x00", "call 555 555 5555", "ERIC WANG"])
def test_a_label_that_says_nothing_or_too_much_is_dropped(text):
    assert prompts(Label(id="a", text=text)) == []


def test_a_text_is_made_safe_and_short():
    (found,) = prompts(Label(id="a", text="half \ud83c\x07 " + "x" * 10**6))
    assert found["text"].startswith("half \ufffd x")
    assert len(found["text"]) <= 500


def test_choices_are_made_to_fit():
    choices = tuple(Choice(text=each, selected=True) for each in "abc")
    (found,) = prompts(Choices(id="a", choices=choices, least=5, most=2))
    assert (found["min_selectable"], found["max_selectable"]) == (2, 2)
    assert [choice["selected"] for choice in found["choices"]] == [True, True, False]


def test_choices_without_a_choice_are_dropped():
    assert prompts(Choices(id="a", choices=(Choice(text=""), "b", None))) == []


def test_a_refusal_always_gives_a_reason():
    found = answer(Quote(), allow=False)["prompts_to_guest"]
    assert [prompt["prompt_type"] for prompt in found] == ["label"]
    why = Quote(prompts=(Label(id="why", text="Closed."),))
    assert [prompt["text"] for prompt in answer(why, allow=False)["prompts_to_guest"]] == [
        "Closed."
    ]
    assert problems(why, allow=False) == ()


def test_a_problem_says_nothing_of_the_data():
    bad = Quote(
        prompts=(Label(id="a", text="eric@example.com"), object(), Label(id=None, text="secret")),
        discount=Discount(name="eric@example.com", amount_cents=9**9, shares=("secret",)),
    )
    said = " ".join(problems(bad))
    assert said
    assert "eric" not in said
    assert "secret" not in said


def test_many_problems_of_one_kind_are_told_once():
    bad = Quote(prompts=tuple(object() for _ in range(20)))
    assert problems(bad) == ("a prompt is of no known kind: dropped",)


def test_what_came_back_is_told_apart_from_that_of_others():
    mine = GivenPrompt(id="pos-bridge:grill:code", kind="textinput", value="X")
    cart = replace(CART, prompts=(*CART.prompts, mine))
    assert own_prompts(cart) == (replace(mine, id="code"),)
    assert own_prompts(replace(cart, restaurant="cafe")) == ()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d.pop("discounts"), "other keys"),
        (lambda d: d.update(allow_checkout=1), "not true or false"),
        (lambda d: d["prompts_to_guest"][0].update(prompt_id=2), "an id that is text"),
        (
            lambda d: d["prompts_to_guest"][0].update(prompt_id="example_bbot_0"),
            "without our prefix",
        ),
        (lambda d: d["prompts_to_guest"].append(d["prompts_to_guest"][0]), "one id"),
        (lambda d: d["prompts_to_guest"].pop(2), "without a button"),
        (lambda d: d["prompts_to_guest"][0].update(color="red"), "other keys"),
        (lambda d: d["prompts_to_guest"][0].update(size=None), "other types"),
        (lambda d: d["prompts_to_guest"][0].update(text="eric@example.com"), "who the guest is"),
        (
            lambda d: d["prompts_to_guest"][3].update(max_selectable=9),
            "more or less is to be chosen",
        ),
        (
            lambda d: d["prompts_to_guest"][3]["choices"][0].update(selected=1),
            "a choice that is none",
        ),
        (lambda d: d["discounts"].append(d["discounts"][0]), "neither null nor one"),
        (lambda d: d["discounts"][0].update(total_cents_to_add=-99), "does not add up"),
        (lambda d: d["discounts"][0].update(total_cents_to_add=-100.0), "not between 0"),
        (lambda d: d["discounts"][0].update(name_for_guest=" "), "without a name"),
        (lambda d: rows_of(d)[0].update(line_item_id="x"), "lines that are not there"),
        (lambda d: rows_of(d)[0].update(cents_to_add=0), "not below 0"),
        (lambda d: rows_of(d)[1].update(cents_to_add=-251), "more off a line"),
    ],
)
def test_the_check_of_the_rules_finds_each_violation(change, sentence):
    document = answer(
        Quote(
            prompts=(
                Label(id="a", text="x"),
                TextInput(id="b"),
                ApplyButton(id="c", text="x"),
                Choices(id="d", choices=(Choice(text="x"),)),
            ),
            discount=off(100),
        ),
        allow=True,
    )
    assert violations(json.dumps(document), CART, starts=True) == []
    change(document)
    assert any(sentence in each for each in violations(json.dumps(document), CART, starts=True))


def rows_of(document):
    return document["discounts"][0]["distribution_among_line_items"]
