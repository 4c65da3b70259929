import pytest

from bridge.testing.screen import OTHERS, Screen
from tests.evening import FIELD

LABEL = {"prompt_id": "ours:label", "prompt_type": "label", "text": "10 off.", "size": ""}


@pytest.fixture
def screen():
    return Screen(others=0)


def test_at_first_there_is_nothing(screen):
    assert screen.given_back() == []
    assert not screen.has_input


def test_what_was_shown_is_given_back_with_what_was_typed(screen):
    screen.show(FIELD)
    field, button = screen.given_back("TEN")
    assert field == FIELD[0] | {"value": "TEN"}
    assert button == FIELD[1]


def test_a_placeholder_is_not_given_back_as_if_it_had_been_typed(screen):
    screen.show([FIELD[0] | {"value": "Your code"}, FIELD[1]])
    assert screen.given_back()[0]["value"] == ""


def test_a_new_set_replaces_the_old_one(screen):
    screen.show(FIELD)
    screen.show([LABEL])
    assert screen.given_back() == [LABEL]


def test_a_field_without_a_button_gets_one_with_a_number_for_an_id(screen):
    screen.show([LABEL, FIELD[0]])
    added = screen.given_back()[-1]
    assert added["prompt_id"] == 2
    assert added["prompt_type"] == "applybutton"


def test_those_of_another_partner_are_always_there():
    screen = Screen(others=1)
    screen.show(FIELD)
    assert screen.given_back()[-3:] == list(OTHERS)
    assert [prompt.id for prompt in screen.foreign] == ["other_0", "other_1", "2"]
