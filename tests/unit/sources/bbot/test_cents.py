import pytest

from bridge.sources.bbot import DecodeError
from bridge.sources.bbot.fields import Fields, Remarks


def read(value):
    return Fields({"x": value}, "order.items[1]", Remarks()).cents("x")


@pytest.mark.parametrize(
    ("value", "cents"),
    [
        (1194, 1194),
        (-1, -1),
        (0, 0),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        ("1194", 1194),
        ("-5", -5),
        (" +7 ", 7),
        (1194.0, 1194),
        (-0.0, 0),
        (2.0**53 - 1, 2**53 - 1),
        (str(2**53 - 1), 2**53 - 1),
    ],
)
def test_whole_cents_are_read_exactly(value, cents):
    assert read(value) == cents
    assert type(read(value)) is int


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        11.94,
        float("nan"),
        float("inf"),
        2**63,
        -(2**63) - 1,
        2.0**53,
        str(2**53),
        "11.94",
        "1194.0",
        "1,194",
        "1_194",
        "١٢",
        "$5",
        "0x10",
        "NaN",
        "1e3",
        [],
        {},
        [1],
    ],
)
def test_doubtful_money_is_refused_with_its_path(value):
    with pytest.raises(DecodeError) as caught:
        read(value)
    assert (caught.value.status, caught.value.code) == (422, "bad_money")
    assert "order.items[1].x is " in caught.value.detail


@pytest.mark.parametrize("value", [None, ""])
def test_no_money_is_nothing_with_a_remark(value):
    remarks = Remarks()
    assert Fields({"x": value}, "order", remarks).cents("x") == 0
    assert remarks.as_tuple() == ("order.x is missing: taken as 0",)


def test_units_that_add_up_beyond_64_bits_are_refused(document, refuse):
    for item in document["order"]["items"]:
        item["pretax_cents"] = 2**62
    assert refuse(document).code == "bad_money"
