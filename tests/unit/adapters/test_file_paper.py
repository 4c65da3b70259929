"""Whatever guests write, a slip is as wide as its paper, whole, and its rows are ours."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from adapters.file.ticket import layout
from bridge.model import (
    Difference,
    Line,
    Order,
    Refund,
    RefundLine,
    Slip,
    SlipKind,
    Table,
    Unit,
    differences,
)


def text(order, slip, columns=42):
    return layout(order, slip, columns=columns, timezone="America/Toronto")


def changed_text(before, after):
    slip = Slip(kind=SlipKind.CHANGE, version=2, differences=differences(before, after))
    return text(after, slip)


written = st.text(max_size=60)


def kept(sign):
    return sign.isprintable() and not sign.isspace()


def seen(found):
    return "".join(sign for sign in found if kept(sign))


@given(
    st.lists(st.tuples(written, written, written), min_size=1, max_size=8),
    st.sampled_from([SlipKind.CHANGE, SlipKind.VOID, SlipKind.REFUND]),
    st.integers(min_value=24, max_value=120),
)
def test_no_slip_is_too_wide_or_loses_a_sign_or_lets_a_guest_begin_a_row(texts, kind, columns):
    changes = tuple(
        Difference(what=what, before=before, after=after)
        for row in texts
        for what, before, after in [
            ("removed", f"1 x {row[0]}", ""),
            ("added", "", f"1 x {row[1]}"),
            ("notes", row[1], row[2]),
        ]
    )
    lines = tuple(RefundLine(id="", name=row[0], price_cents=1, tax_cents=0) for row in texts)
    slip = Slip(kind=kind, differences=changes, refund=Refund(lines=lines))
    order = Order(source="bbot", id="1", restaurant="r", checkout_id="c", lines=())
    found = text(order, slip, columns)
    rows = found.splitlines()
    assert all(len(row) <= columns and row.isprintable() for row in rows)
    begun = (
        "*** ",
        "Order",
        "---",
        "End",
        "DO NOT",
        "REMOVED",
        "ADDED",
        "NOTES",
        "REFUNDED",
        "Noth",
    )
    assert all(row.startswith((" ", *begun)) for row in rows)
    whole = seen(found)
    assert all(seen(part) in whole for row in texts for part in row)


def test_a_table_without_a_readable_name_is_not_left_out(order):
    found = changed_text(order, replace(order, table=Table(id="x", name="\x00 ")))
    assert "\nTABLE: ?\n    WAS: Barge\n" in found


def test_hundreds_of_differences_are_all_there(order):
    def dishes(extra):
        return replace(
            order,
            lines=tuple(
                Line(name=f"Dish {number}", menu_item_id="m", units=(Unit(id="1"),), notes=extra)
                for number in range(500)
            ),
        )

    found = changed_text(dishes(""), dishes("hot")).splitlines()
    for number in range(500):
        removed = found.index(f"REMOVED: 1 x Dish {number}")
        assert found[removed + 1] == f"ADDED: 1 x Dish {number} (hot)"
