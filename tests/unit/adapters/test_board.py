import json

from adapters.board import BoardAdapter
from adapters.board.ticket import compose, preview
from bridge.adapter import NoSettings, RestaurantFacts, Services
from bridge.model import Deadline, Difference, PosState, Slip, SlipKind

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
        "2 x Ceviche",
        "    + Èclairs",
        "    + No onion",
        "    (allergic to nuts, please take care that nothing touches them)",
        "1 x Iced tea",
        "Room: 412",
    ]


async def test_a_ticket_is_accepted_at_once_under_its_own_key(order):
    acceptance = await board().submit(board().translate(order, PLACE), "k" * 26)
    assert acceptance.pos_ref == "k" * 26


async def test_the_board_is_always_up():
    assert (await board().probe(Deadline.after(0))).state is PosState.UP
