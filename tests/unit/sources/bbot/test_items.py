import json

import pytest

from bridge.model import Modifier, Unit


def item(number, **fields):
    return {
        "id": f"unit-{number}",
        "menuitem_id": "dish-1",
        "name_when_purchased": "Soup",
        "mods": [],
        "special_instructions": "",
        "pretax_cents": 500,
        "tax_cents": 44,
        "tip_in_cents": 0,
        "status": "waiting",
    } | fields


def mod(name, **fields):
    return {"id": name.lower(), "name": name, "pretax_cents": 50, "tax_cents": 4} | fields


@pytest.fixture
def lines(document, read):
    def read_lines(*items):
        document["order"]["items"] = list(items)
        return read(document).lines

    return read_lines


def test_each_unit_keeps_its_own_id_money_and_status(lines):
    first = item(1)
    second = item(2, pretax_cents=450, tax_cents=40, tip_in_cents=9, status="Ready_For_Driver")
    (line,) = lines(first, second)
    assert line.units == (
        Unit(id="unit-1", price_cents=500, tax_cents=44),
        Unit(id="unit-2", price_cents=450, tax_cents=40, tip_cents=9, status="ready_for_driver"),
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"special_instructions": "no onion"},
        {"mods": [mod("Large")]},
        {"menuitem_id": "dish-2"},
        {"name_when_purchased": "Stew"},
    ],
)
def test_units_that_the_kitchen_makes_differently_are_lines_apart(fields, lines):
    found = lines(item(1), item(2, **fields), item(3))
    assert [[unit.id for unit in line.units] for line in found] == [
        ["unit-1", "unit-3"],
        ["unit-2"],
    ]


def test_the_price_of_modifiers_is_not_added_again(lines):
    (line,) = lines(item(1, mods=[mod("Large")]))
    assert line.price_cents == 500


def test_nested_modifiers_follow_their_parent_with_an_arrow(lines):
    nested = mod("Fries", mods=[mod("Sauce", mods=[mod("Hot")]), mod("Salt")])
    (line,) = lines(item(1, mods=[nested, mod("Cola")]))
    names = [modifier.name for modifier in line.modifiers]
    assert names == ["Fries", "-> Sauce", "-> -> Hot", "-> Salt", "Cola"]


def test_a_modifier_may_be_plain_text(lines):
    (line,) = lines(item(1, mods=["no onion", None]))
    assert line.modifiers == (Modifier(id="", name="no onion"),)


@pytest.mark.parametrize("mods", [None, "", [], {}])
def test_no_modifiers_have_many_spellings(mods, lines):
    (line,) = lines(item(1, mods=mods))
    assert line.modifiers == ()


@pytest.mark.parametrize("mods", [7, True, "extra cheese", {"name": "x"}, [7], [["x"]]])
def test_modifiers_that_cannot_be_read_are_refused_rather_than_lost(mods, document, refuse):
    document["order"]["items"] = [item(1, mods=mods)]
    error = refuse(document)
    assert error.code == "bad_item"
    assert "order.items[0].mods" in error.detail


def test_modifiers_nested_without_end_are_refused(document, refuse):
    mods = "[]"
    for _ in range(6):
        deep = json.loads(mods)
        for _ in range(12):
            deep = [mod("More", mods=deep)]
        mods = json.dumps(deep)
        document["order"]["items"] = [item(1, mods=mods)]
        mods = json.dumps([mod("Text", mods=mods)])
    assert refuse(document).code == "bad_item"


def test_lists_may_come_as_text(lines):
    (line,) = lines(item(1, mods=json.dumps([mod("Large")])))
    assert [modifier.name for modifier in line.modifiers] == ["Large"]


def test_a_unit_without_id_is_known_by_its_position(document, read):
    document["order"]["items"] = [item(1), item(2, id=None)]
    order = read(document)
    assert [unit.id for unit in order.lines[0].units] == ["unit-1", "item:1"]
    assert "order.items[1].id is missing: its position is used" in order.remarks


def test_an_id_given_twice_is_remarked(document, read):
    document["order"]["items"] = [item(1), item(1)]
    assert "order.items has an item id twice" in read(document).remarks


def test_a_quantity_is_not_taken_for_granted(document, read):
    document["order"]["items"] = [item(1, qty=3)]
    order = read(document)
    assert order.lines[0].quantity == 1
    assert "order.items[0].qty is not known here: each entry counts as one unit" in order.remarks


def test_a_dish_without_name_among_others_is_still_a_dish(lines):
    found = lines(item(1), item(2, name_when_purchased="\x1b\u202e"))
    assert [line.name for line in found] == ["Soup", "(no name)"]


def test_a_name_cannot_begin_a_new_line_on_the_ticket(lines):
    (line,) = lines(item(1, name_when_purchased="Soup\nPAID", special_instructions="a\nb"))
    assert (line.name, line.notes) == ("Soup PAID", "a\nb")


def test_notes_of_an_odd_shape_are_shown_rather_than_dropped(lines):
    (line,) = lines(item(1, special_instructions=["no onion"]))
    assert line.notes == '["no onion"]'


@pytest.mark.parametrize("status", [None, "", "waiting", " Waiting "])
def test_a_unit_waits_unless_it_says_otherwise(status, lines):
    (line,) = lines(item(1, status=status))
    assert line.units[0].status == "waiting"
