import json
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.board import BoardAdapter
from adapters.board.ticket import compose, preview
from bridge.adapter import NoSettings, RestaurantFacts, Services
from bridge.model import Deadline, Difference, PosState, Slip, SlipKind, differences

PLACE = Slip(kind=SlipKind.PLACE)
CHANGE = Slip(
    kind=SlipKind.CHANGE,
    version=2,
    differences=(Difference(what="table", before="Deck", after="Barge"),),
    reason="the guest called",
)


def board():
    facts = RestaurantFacts(id="barge", name="Barge", timezone="America/Toronto")
    return BoardAdapter(NoSettings(), Services(http=None, now=None, restaurant=facts))


def test_the_document_holds_what_the_board_shows(order):
    assert json.loads(compose(order, PLACE)) == {
        "order_id": "bc960165-aa17-4506-abdc-0b1c26e44ff9",
        "order_number": "233",
        "version": 1,
        "kind": "place",
        "table": "Barge",
        "fulfilment": "Driver delivery",
        "guest": "Eric Wang",
        "due_at": "2021-12-08T01:45:00+00:00",
        "lines": [
            {
                "quantity": 2,
                "name": "Ceviche",
                "modifiers": ["Èclairs", "No onion"],
                "notes": "allergic to nuts, please take care that nothing touches them",
            },
            {"quantity": 1, "name": "Iced tea", "modifiers": [], "notes": ""},
        ],
        "facts": [{"name": "Room", "value": "412"}],
        "changes": [],
        "reason": "",
    }


def test_a_change_says_what_was_and_what_is(order):
    document = json.loads(compose(order, CHANGE))
    assert document["changes"] == [{"what": "table", "before": "Deck", "after": "Barge"}]
    assert (document["kind"], document["version"]) == ("change", 2)
    assert document["reason"] == "the guest called"


def test_contact_data_stays_off_the_board(order):
    assert b"5555555555" not in compose(order, PLACE)
    assert b"example.test" not in compose(order, PLACE)


def test_the_preview_reads_like_a_ticket(order):
    assert preview(order, CHANGE).splitlines() == [
        "CHANGE 2",
        "the guest called",
        "#233 Driver delivery / Barge / Eric Wang",
        "! table: Deck > Barge",
        "what the order is now:",
        "2 x Ceviche",
        "    + Èclairs",
        "    + No onion",
        "    (allergic to nuts, please take care that nothing touches them)",
        "1 x Iced tea",
        "Room: 412",
    ]


def test_the_preview_of_a_new_order_has_no_title_over_its_dishes(order):
    assert preview(order, PLACE).splitlines()[:2] == [
        "#233 Driver delivery / Barge / Eric Wang",
        "2 x Ceviche",
    ]


def test_a_due_time_that_changed_is_on_the_restaurants_clock(order):
    later = replace(order, due_at=order.due_at + timedelta(hours=4))
    slip = replace(CHANGE, differences=differences(order, later))
    rows = board().translate(later, slip).preview.splitlines()
    assert rows[3] == "! due: 2021-12-07 20:45 > 2021-12-08 00:45"


@pytest.mark.parametrize("said", ["soon", "2021-12-08T01:45"])
def test_a_due_time_that_is_no_moment_is_shown_as_it_is(order, said):
    slip = replace(CHANGE, differences=(Difference(what="due", before=said),))
    assert f"! due: {said}" in preview(order, slip).splitlines()


def test_the_document_keeps_its_times_in_utc_for_the_board_to_show(order):
    slip = replace(CHANGE, differences=differences(replace(order, due_at=None), order))
    (change,) = json.loads(compose(order, slip))["changes"]
    assert change == {"what": "due", "before": "", "after": "2021-12-08T01:45+00:00"}


def test_the_preview_of_a_refund_says_which_dishes_are_left(order):
    whole = replace(order, facts=())
    left = replace(whole, lines=order.lines[:1])
    refund = Slip(kind=SlipKind.REFUND, version=2, differences=differences(whole, left))
    assert preview(left, refund).splitlines()[2:5] == [
        "! removed: 1 x Iced tea",
        "what the order is now:",
        "2 x Ceviche",
    ]


def test_the_preview_of_a_void_does_not_read_like_an_order(order):
    void = Slip(kind=SlipKind.VOID, version=2)
    bare = replace(order, lines=order.lines[1:], facts=())
    assert preview(bare, void).splitlines()[2:] == ["not to make:", "1 x Iced tea"]
    gone = replace(void, differences=differences(order, replace(order, lines=())))
    assert preview(replace(order, lines=(), facts=()), gone).splitlines()[-1] == (
        "! removed: 1 x Iced tea"
    )


def test_no_text_steers_the_terminal_that_shows_a_preview(order):
    change = Difference(what="guest", before="\x1b[2J", after="Eve\n#9 forged")
    rows = preview(order, replace(CHANGE, differences=(change,))).splitlines()
    assert "! guest:  [2J > Eve #9 forged" in rows


async def test_a_ticket_is_accepted_at_once_under_its_own_key(order):
    acceptance = await board().submit(board().translate(order, PLACE), "k" * 26)
    assert acceptance.pos_ref == "k" * 26


async def test_the_board_is_always_up():
    assert (await board().probe(Deadline.after(0))).state is PosState.UP
