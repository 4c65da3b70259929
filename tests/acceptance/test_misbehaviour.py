"""A POS that misbehaves once: the order ends as the proof allows."""

import pytest

from tests.acceptance.documents import an_order


@pytest.mark.parametrize(
    ("behaviour", "end", "tickets"),
    [
        ({"name": "busy", "seconds": 0.1}, "done", 1),
        ({"name": "error"}, "done", 1),
        ({"name": "error", "keeps": True}, "done", 1),
        ({"name": "drop"}, "done", 1),
        ({"name": "drop", "keeps": True}, "done", 1),
        ({"name": "reject", "reason": "unknown dish"}, "refused", 0),
    ],
)
def test_an_order_ends_as_the_proof_allows(running_with_pos, behaviour, end, tickets):
    bridge, pos = running_with_pos
    pos.tell(script=[behaviour])
    document = an_order()

    assert bridge.post(document).status == 200
    bridge.wait_for_state(document["order"]["id"], end)

    assert len(pos.tickets_of(document)) == tickets


def test_a_rejected_order_shows_why(running_with_pos):
    bridge, pos = running_with_pos
    pos.tell(script=[{"name": "reject", "reason": "unknown dish"}])
    document = an_order()
    bridge.post(document)

    order = bridge.wait_for_state(document["order"]["id"], "refused")

    assert "unknown dish" in order["deliveries"][0]["cause"]
