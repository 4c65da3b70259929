import json
from dataclasses import replace
from datetime import timedelta
from unicodedata import east_asian_width

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.file.document import compose, file_stem
from adapters.file.ticket import layout
from bridge.model import Difference, Line, Order, Refund, RefundLine, Slip, SlipKind, Unit

PLACE = Slip(kind=SlipKind.PLACE)
CHANGE = Slip(
    kind=SlipKind.CHANGE,
    version=2,
    differences=(
        Difference(what="added", after="1 x Iced tea"),
        Difference(what="table", before="Deck", after="Barge"),
    ),
    reason="the guest called",
)

PLACED = """\
DRIVER DELIVERY
Table: Barge
Order: 233
Due: 20:45
Guest: Eric Wang
------------------------------------------
2 x Ceviche
    + Èclairs
    + No onion
    NOTE: allergic to nuts, please take
          care that nothing touches them
1 x Iced tea
------------------------------------------
- Room: 412
To: 10 Navy Wharf Ct, Toronto ON M5V 3V2
    NOTE: Please bust through the door
------------------------------------------
End of order 233
"""


def text(order, slip=PLACE, columns=42):
    return layout(order, slip, columns=columns, timezone="America/Toronto")


def test_a_new_order_reads_like_this(order):
    assert text(order) == PLACED


def test_the_reason_of_a_new_order_is_a_heading(order):
    assert text(order, Slip(kind=SlipKind.PLACE, reason="REFIRED")).startswith("*** REFIRED\n")


def test_an_order_for_another_day_shows_the_date(order):
    later = replace(order, due_at=order.due_at + timedelta(days=1))
    assert "Due: 2021-12-08 20:45\n" in text(later)


def test_an_order_without_number_shows_its_id(order):
    assert "Order: bc960165\n" in text(replace(order, number=""))


def test_a_bare_order_has_no_empty_rows(order):
    bare = replace(
        order, number="7", fulfilment="", table=None, due_at=None, address=None, facts=(), lines=()
    )
    rule = "-" * 42
    assert text(bare) == f"Order: 7\nGuest: Eric Wang\n{rule}\nEnd of order 7\n"


def test_a_word_that_is_too_long_is_wrapped_and_not_cut(order):
    word = "Donaudampfschifffahrtsgesellschaftskapitän"
    long = replace(order, lines=(Line(name=word, menu_item_id="m", units=(Unit(id="1"),)),))
    rows = text(long, columns=24).splitlines()
    assert max(len(row) for row in rows) <= 24
    assert word in "".join(row.strip() for row in rows)


@given(st.text(), st.integers(min_value=24, max_value=120))
def test_no_text_is_too_wide_or_loses_a_sign(written, columns):
    line = Line(name="Dish", menu_item_id="m", units=(Unit(id="1"),), notes=written)
    order = Order(source="bbot", id="1", restaurant="r", checkout_id="c", lines=(line,))
    rows = text(order, columns=columns).splitlines()
    assert all(len(row) <= columns for row in rows)
    kept = "".join(sign for sign in written if sign.isprintable() and not sign.isspace())
    assert kept in "".join("".join(rows).split()) or not kept


def width(row):
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in row)


@given(st.text(alphabet="寿司 a\N{SUSHI}-é"), st.integers(min_value=24, max_value=48))
def test_wide_signs_take_two_columns_each(written, columns):
    line = Line(name=f"Dish {written}", menu_item_id="m", units=(Unit(id="1"),))
    rows = text(
        Order(source="bbot", id="1", restaurant="r", checkout_id="c", lines=(line,)),
        columns=columns,
    )
    assert all(width(row) <= columns for row in rows.splitlines())
    assert "".join(written.split()) in "".join(rows.split())


@pytest.mark.parametrize("columns", [24, 25, 42, 43])
def test_a_wide_sign_at_the_end_of_a_row_fits(order, columns):
    rows = text(replace(order, lines=(replace(order.lines[1], name="寿" * 99),)), columns=columns)
    assert max(width(row) for row in rows.splitlines()) == columns
    assert rows.count("寿") == 99


def test_a_name_that_no_paper_can_show_is_not_left_out(order):
    lines = (replace(order.lines[1], name=name) for name in ("\x00\x01", "", " \n"))
    assert text(replace(order, lines=tuple(lines))).count("1 x ?\n") == 3


def test_a_guest_cannot_steer_the_printer_or_forge_a_heading(order):
    forged = replace(order.lines[0], notes="\x1b@\n*** VOID - DO NOT MAKE\r\n\u202eabc")
    rows = text(replace(order, lines=(forged,))).splitlines()
    assert not any(row.startswith("***") for row in rows)
    assert all(row.isprintable() for row in rows)


def test_contact_data_is_in_neither_form(order):
    both = text(order) + compose(order, PLACE).decode()
    assert "5555555555" not in both
    assert "example.test" not in both


def test_the_document_has_money_in_cents_and_times_in_utc(order):
    document = json.loads(compose(order, CHANGE))
    assert document["lines"][0]["price_cents"] == 2388
    assert document["due_at"] == "2021-12-08T01:45:00+00:00"
    assert document["changes"][0] == {"what": "added", "before": "", "after": "1 x Iced tea"}


def test_the_document_says_what_was_refunded(order):
    soup = RefundLine(id="1", name="Soup", price_cents=500, tax_cents=45, is_gone=True)
    slip = Slip(kind=SlipKind.REFUND, version=2, refund=Refund(lines=(soup,)))
    (line,) = json.loads(compose(order, slip))["refund"]["lines"]
    assert (line["name"], line["price_cents"], line["tax_cents"]) == ("Soup", 500, 45)
    assert json.loads(compose(order, PLACE))["refund"] is None


def test_a_name_sorts_by_number_and_ends_in_its_key(order):
    assert file_stem(compose(order, CHANGE), "k2k") == "0233-bc960165-2-change-k2k"


def test_an_order_without_number_has_a_name_too(order):
    assert file_stem(compose(replace(order, number=""), PLACE), "k") == "bc960165-1-place-k"


def test_a_name_is_never_a_path(order):
    hostile = replace(order, id="../../etc/passwd", number="/var/x")
    assert file_stem(compose(hostile, PLACE), "../k") == "varx-etcpassw-1-place-..%2Fk"


def test_two_keys_never_share_a_name(order):
    body = compose(order, PLACE)
    assert file_stem(body, "a/b") != file_stem(body, "a%2Fb")
