"""What comes after the ticket, letter by letter: a cook must not make anything twice for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.file.ticket import layout
from bridge.model import (
    Difference,
    Line,
    Modifier,
    Refund,
    RefundLine,
    Slip,
    SlipKind,
    Table,
    Unit,
    differences,
)

CHANGED = """\
*** CHANGED - VERSION 2
*** the guest called
DRIVER DELIVERY
Table: Deck
Order: 233
Due: 21:10
Guest: Eric Wang
--------------------------------
REMOVED: 1 x Ceviche (Èclairs;
         No onion; allergic to
         nuts, please take care
         that nothing touches
         them)
    NOW 1, NOT 2
ADDED: 1 x Ceviche (No onion)
ADDED: 2 x Fish & chips
REMOVED: 1 x Iced tea
TABLE: Deck
    WAS: Barge
DUE: 21:10
    WAS: 20:45
NOTES: none
    WAS: Room: 412
--------------------------------
All else stays as it was.
--------------------------------
*** CHANGED - VERSION 2
*** the guest called
End of order 233
"""

VOIDED = """\
*** VOID - DO NOT MAKE
*** the checkout was cancelled
DRIVER DELIVERY
Table: Barge
Order: 233
Due: 20:45
Guest: Eric Wang
------------------------------------------
DO NOT MAKE: 2 x Ceviche (Èclairs; No
             onion; allergic to nuts,
             please take care that nothing
             touches them)
DO NOT MAKE: 1 x Iced tea
------------------------------------------
Nothing is left to make.
------------------------------------------
*** VOID - DO NOT MAKE
*** the checkout was cancelled
End of order 233
"""

REFUNDED = """\
*** REFUND
*** refund of 20.43
DRIVER DELIVERY
Table: Barge
Order: 233
Due: 20:45
Guest: Eric Wang
------------------------------------------
DO NOT MAKE: 1 x Iced tea
------------------------------------------
REFUNDED: 4.30 for 1 x Iced tea
REFUNDED IN PART: 13.13 of 2 x Ceviche
REFUNDED: 3.00 for service charge
------------------------------------------
All else stays as it was.
------------------------------------------
*** REFUND
*** refund of 20.43
End of order 233
"""

PARTLY_VOIDED = """\
*** VOID - ONLY A PART
*** refund of 4.30
DRIVER DELIVERY
Table: Barge
Order: 233
Due: 20:45
Guest: Eric Wang
------------------------------------------
DO NOT MAKE: 1 x Iced tea
------------------------------------------
REFUNDED: 4.30 for 1 x Iced tea
------------------------------------------
All else stays as it was.
------------------------------------------
*** VOID - ONLY A PART
*** refund of 4.30
End of order 233
"""

REPRINTED = """\
*** REPRINT - MAY BE A DUPLICATE
*** the printer was out of paper
DRIVER DELIVERY
Table: Barge
Order: 233
Due: 20:45
Guest: Eric Wang
------------------------------------------
1 x Iced tea
------------------------------------------
*** REPRINT - MAY BE A DUPLICATE
*** the printer was out of paper
End of order 233
"""

UNKNOWN_CHANGE = """\
*** CHANGED - VERSION 2
DRIVER DELIVERY
Table: Barge
Order: 233
Due: 20:45
Guest: Eric Wang
------------------------------------------
What changed is not known. Compare with
the whole order:
------------------------------------------
1 x Iced tea
------------------------------------------
*** CHANGED - VERSION 2
End of order 233
"""

TEA = RefundLine(id="3", name="Iced tea", price_cents=395, tax_cents=35, is_gone=True)
PARTS = (
    RefundLine(id="1", name="Ceviche", price_cents=1194, tax_cents=100),
    RefundLine(id="2", name="Ceviche", price_cents=0, tax_cents=19),
)
CHARGE = RefundLine(
    id="", name="service charge", price_cents=300, tax_cents=0, is_gone=True, is_charge=True
)


def text(order, slip, columns=42, timezone="America/Toronto"):
    return layout(order, slip, columns=columns, timezone=timezone)


def slip_between(before, after, kind=SlipKind.CHANGE, **more):
    return Slip(kind=kind, version=2, differences=differences(before, after), **more)


def changed_text(before, after):
    return text(after, slip_between(before, after))


@pytest.fixture
def ceviche(order):
    return order.lines[0]


@pytest.fixture
def tea(order):
    return order.lines[1]


@pytest.fixture
def refunded(order, ceviche):
    """Without its tea."""
    return replace(order, lines=(ceviche,))


def units(*ids):
    return tuple(Unit(id=one) for one in ids)


def test_a_change_says_its_version_and_only_what_changed(order, ceviche):
    after = replace(
        order,
        table=Table(id="d", name="Deck"),
        due_at=order.due_at + timedelta(minutes=25),
        facts=(),
        lines=(
            replace(ceviche, units=units("1")),
            replace(ceviche, units=units("2"), modifiers=ceviche.modifiers[1:], notes=""),
            Line(name="Fish & chips", menu_item_id="m3", units=units("4", "5")),
        ),
    )
    slip = slip_between(order, after, reason="the guest called")
    assert text(after, slip, 32) == CHANGED


def test_a_void_says_what_not_to_make(order):
    after = replace(order, lines=())
    slip = slip_between(order, after, SlipKind.VOID, reason="the checkout was cancelled")
    assert text(after, slip) == VOIDED


def test_a_refund_says_what_not_to_make_and_what_was_given_back(order, refunded):
    refund = Refund(lines=(TEA, *PARTS, CHARGE))
    slip = slip_between(order, refunded, SlipKind.REFUND, reason="refund of 20.43", refund=refund)
    assert refund.amount_cents == 2043
    assert text(refunded, slip) == REFUNDED


def test_a_refund_of_a_part_on_the_paper_of_a_void_says_that_it_is_a_part(order, refunded):
    refund = Refund(lines=(TEA,))
    slip = slip_between(order, refunded, SlipKind.VOID, reason="refund of 4.30", refund=refund)
    assert text(refunded, slip) == PARTLY_VOIDED


def test_a_reprint_is_the_whole_ticket_and_says_that_it_may_be_a_second_one(order, tea):
    bare = replace(order, lines=(tea,), facts=(), address=None)
    slip = Slip(kind=SlipKind.REPRINT, version=2, reason="the printer was out of paper")
    assert text(bare, slip) == REPRINTED


def test_a_change_that_nobody_can_tell_is_the_whole_order(order, tea):
    bare = replace(order, lines=(tea,), facts=(), address=None)
    assert text(bare, Slip(kind=SlipKind.CHANGE, version=2)) == UNKNOWN_CHANGE


def test_a_void_that_names_no_dishes_means_all_of_them(order, tea):
    found = text(replace(order, lines=(tea,)), Slip(kind=SlipKind.VOID, version=2))
    assert found.startswith("*** VOID - DO NOT MAKE\n")
    assert "\nDO NOT MAKE: 1 x Iced tea\n" in found
    assert "\nNothing is left to make.\n" in found


def test_a_refund_of_all_leaves_nothing_to_make(order):
    after = replace(order, lines=())
    slip = slip_between(order, after, SlipKind.REFUND, refund=Refund(lines=(TEA,)))
    assert "\nNothing is left to make.\n" in text(after, slip)


def test_a_refund_of_all_on_the_paper_of_a_change_leaves_nothing_to_make(order):
    after = replace(order, lines=())
    found = text(after, slip_between(order, after, refund=Refund(lines=(TEA,))))
    assert "\nREMOVED: 1 x Iced tea\n" in found
    assert "\nNothing is left to make.\n" in found


@pytest.mark.parametrize("kind", [SlipKind.CHANGE, SlipKind.VOID, SlipKind.REFUND])
def test_no_later_slip_has_a_row_that_reads_like_a_dish_to_make(order, refunded, kind):
    slip = slip_between(order, refunded, kind, refund=Refund(lines=(TEA,)))
    assert not any(row[0].isdigit() for row in text(refunded, slip).splitlines())


@pytest.mark.parametrize(
    ("before", "after", "rows"),
    [
        (2, 3, ["ADDED: 1 x Soup", "    NOW 3, NOT 2"]),
        (3, 1, ["REMOVED: 2 x Soup", "    NOW 1, NOT 3"]),
    ],
)
def test_another_number_of_a_dish_is_said_both_ways(order, tea, before, after, rows):
    def soups(number):
        line = Line(name="Soup", menu_item_id="m", units=units(*map(str, range(number))))
        return replace(order, lines=(line, tea))

    found = changed_text(soups(before), soups(after)).splitlines()
    assert found[found.index(rows[0]) :][:2] == rows
    assert not any("tea" in row for row in found)


def test_what_was_refunded_may_be_made_already_so_its_number_is_not_said(order, ceviche, tea):
    left = replace(order, lines=(replace(ceviche, units=units("1")), tea))
    slip = slip_between(order, left, SlipKind.REFUND, refund=Refund(lines=PARTS))
    assert "NOW" not in text(left, slip)


def test_a_dish_with_another_modifier_stands_under_the_one_it_replaces(order, tea):
    def dishes(*modifiers):
        extras = tuple(Modifier(id=name, name=name) for name in modifiers)
        soup = Line(name="Soup (hot)", menu_item_id="m", units=units("1"), modifiers=extras)
        return replace(order, lines=(soup, replace(tea, notes=" ".join(modifiers))))

    found = changed_text(dishes(), dishes("no salt")).splitlines()
    start = found.index("REMOVED: 1 x Soup (hot)")
    assert found[start : start + 4] == [
        "REMOVED: 1 x Soup (hot)",
        "ADDED: 1 x Soup (hot) (no salt)",
        "REMOVED: 1 x Iced tea",
        "ADDED: 1 x Iced tea (no salt)",
    ]


# When it is due


def test_a_new_due_time_is_on_the_kitchens_clock_as_the_heading_is(order):
    later = replace(order, due_at=order.due_at + timedelta(hours=1))
    found = changed_text(order, later)
    assert "\nDue: 21:45\n" in found
    assert "\nDUE: 21:45\n    WAS: 20:45\n" in found


def test_a_due_time_of_another_day_has_its_date(order):
    # 00:45 of the next day where the restaurant is.
    later = replace(order, due_at=datetime(2021, 12, 8, 5, 45, tzinfo=UTC))
    found = changed_text(order, later)
    assert "\nDue: 2021-12-08 00:45\n" in found
    assert "\nDUE: 2021-12-08 00:45\n    WAS: 20:45\n" in found


def test_a_due_time_that_is_gone_or_new_is_said_so(order):
    now = replace(order, due_at=None, placed_at=None)
    assert "\nDUE: none\n    WAS: 20:45\n" in changed_text(order, replace(order, due_at=None))
    assert "\nDUE: 20:45\n---" in changed_text(now, order)
    assert "\nDUE: none\n    WAS: 20:45\n" in changed_text(order, now)


@pytest.mark.parametrize("said", ["soon", "2021-12-08T01:45"])
def test_a_due_time_that_is_no_moment_is_shown_as_it_is(order, said):
    slip = Slip(kind=SlipKind.CHANGE, differences=(Difference(what="due", after=said),))
    assert f"\nDUE: {said}\n" in text(order, slip)
