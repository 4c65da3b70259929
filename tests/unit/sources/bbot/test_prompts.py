import pytest

from bridge.model import GivenPrompt


@pytest.fixture
def prompts(published, hear):
    """What becomes of some prompts in a price check."""

    def read(*given):
        document = published("pricecheck") | {"prompts_to_guest": list(given)}
        return hear(document).event.cart.prompts

    return read


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (
            {"prompt_id": "a", "prompt_type": "label", "text": "Hello", "size": ""},
            GivenPrompt(id="a", kind="label", text="Hello"),
        ),
        (
            {"prompt_id": "a", "prompt_type": "textinput", "heading": "Code", "value": "LUNCH"},
            GivenPrompt(id="a", kind="textinput", text="Code", value="LUNCH"),
        ),
        (
            {"prompt_id": "a", "prompt_type": "applybutton", "buttontext": "Go"},
            GivenPrompt(id="a", kind="applybutton", text="Go"),
        ),
        (
            {"prompt_id": 2, "prompt_type": "applybutton", "button_text": "Apply"},
            GivenPrompt(id="2", kind="applybutton", text="Apply"),
        ),
        (
            {"prompt_id": "a", "prompt_type": "Something_New"},
            GivenPrompt(id="a", kind="something_new"),
        ),
        ({"prompt_id": -3}, GivenPrompt(id="-3", kind="")),
    ],
)
def test_each_kind_of_prompt_is_read(given, read, prompts):
    assert prompts(given) == (read,)


@pytest.mark.parametrize(
    ("sent", "typed"), [("LUNCH", "LUNCH"), (" lunch\n", "lunch"), (4, "4"), (None, ""), ("4", "4")]
)
def test_what_the_guest_typed_is_one_clean_line(sent, typed, prompts):
    (prompt,) = prompts({"prompt_id": "a", "prompt_type": "textinput", "value": sent})
    assert prompt.value == typed


def test_prompts_with_one_id_are_all_kept_in_order(prompts):
    given = [{"prompt_id": 2, "text": text} for text in "abc"]
    assert [prompt.text for prompt in prompts(*given)] == ["a", "b", "c"]


def test_an_id_is_kept_as_the_text_that_was_sent(prompts):
    (prompt,) = prompts({"prompt_id": " a "})
    assert prompt.id == " a "


@pytest.mark.parametrize("prompt_id", [None, "", True, 1.5, ["a"], "\ud800"])
def test_a_prompt_that_nothing_can_name_is_left_out(prompt_id, prompts):
    assert prompts({"prompt_id": prompt_id}, {"prompt_id": "b"}) == (GivenPrompt(id="b", kind=""),)


@pytest.mark.parametrize(
    ("sent", "is_chosen"),
    [
        (True, True),
        ("True", True),
        ("true", True),
        (1, True),
        ("1", True),
        (False, False),
        ("False", False),
        (0, False),
        (None, False),
        ("", False),
        ([True], False),
        (2, False),
    ],
)
def test_a_choice_is_chosen_if_it_says_so_in_any_spelling(sent, is_chosen, prompts):
    choices = [{"selected": sent, "contents": "Cake"}, {"contents": "Tea"}]
    (prompt,) = prompts({"prompt_id": "a", "choices": choices})
    assert prompt.selected == (("Cake",) if is_chosen else ())


@pytest.mark.parametrize("choices", [None, "", 7, "Cake", [None, "Cake"], {"selected": True}])
def test_choices_of_another_shape_are_none(choices, prompts):
    (prompt,) = prompts({"prompt_id": "a", "choices": choices})
    assert prompt.selected == ()
