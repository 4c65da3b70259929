"""What must be so of each order once all is at rest: not lost, made as it should be, paid right."""

from collections import defaultdict
from math import inf

from bridge import canonical
from bridge.ledger.promotions import RESERVED_FOR
from bridge.model import Slip
from bridge.worker.booking import Terms
from tests.unit.checkout.guests import FEE
from tests.unit.checkout.kitchen_model import Cook
from tests.unit.checkout.kitchens import told

ENDS = {"done", "refused", "held", "voided"}


def questions(rows):
    """What a person must decide, or a POS has decided."""
    return [
        row
        for row in rows
        if row.state == "refused" or (row.state == "held" and row.timer != "task")
    ]


def lacks_sign(row):
    """True for what the clock has held: no sign came, or it came after the promised time.

    That time may have moved since, when it was too late for it already.
    """
    promised = min(row.promise_at, row.accepted_at + Terms().give_up_after)
    return row.timer == "hold" or (row.released_at or 0) >= promised


def check_order(house, visit, story, rows):
    held = min((row.id for row in questions(rows) if row.state == "held"), default=inf)
    assert all(row.state in ENDS or row.id > held for row in rows), rows
    check_not_lost(visit, story, rows)
    check_money(visit, story, rows)
    if not questions(rows):
        check_kitchen(house, visit, story, rows)


def check_not_lost(visit, story, rows):
    if (story.is_signed or story.is_answered) and visit.is_waiting(story):
        places = [row.state for row in rows if row.operation == "place"]
        assert places, "never opened"
        assert places[-1] != "voided" or "refused" in places, rows


def check_kitchen(house, visit, story, rows):
    cook = let_cook_read(house.pos_system, rows)
    is_due = story.is_signed or (story.is_answered and not house.terms.on_commit)
    if cook.makes is None:
        assert not is_due or not visit.is_waiting(story), rows
    else:
        least, most = visit.to_make(story)
        assert is_due, rows
        assert least <= cook.makes <= most, (least, cook.makes, most, rows)


def let_cook_read(pos, rows):
    """What came out of the POS, and what its staff are told to write on the ticket by hand."""
    cook = Cook()
    for row in rows:
        if row.state == "done":
            paper = pos.tickets[row.key]
            cook.read(paper["kind"], paper["dishes"], paper["differences"])
        elif row.timer == "task":
            slip = canonical.decode(Slip, row.slip)
            cook.read(slip.kind, [], told(slip))
    return cook


def check_money(visit, story, rows):
    # Of what it never had nothing is known: that goes to people, with any order.
    for unit in story.paid:
        given = cents([line for line in refund_lines(rows) if line.id == unit])
        fallen = visit.fallen(story, unit)
        if is_in_pos(rows):
            assert given in fallen, (unit, given, fallen, rows)
        assert given <= max(fallen)
    amounts = [row.amount_cents for row in of_last_ticket(rows) if is_refund(row)]
    assert sum(amounts) == cents(refund_lines(rows))


def check_fees(visit, rows):
    """A fee is given back once, whatever the number of orders; with one that was refunded."""
    lines = [line for order_id in visit.stories for line in refund_lines(rows[order_id])]
    given = cents([line for line in lines if line.is_charge])
    fallen = sum(FEE - price for price, _tax in visit.fees.values())
    named = [order_id for order_id, story in visit.stories.items() if visit.is_named(story)]
    if named and all(is_in_pos(rows[order_id]) for order_id in named):
        assert given == fallen, rows
    assert given <= fallen


def is_refund(row):
    return row.operation == "refund" and row.state != "voided"


def of_last_ticket(rows):
    cancels = (
        row.id
        for row in rows
        if row.operation == "cancel" and row.state not in {"voided", "refused"}
    )
    last = max(cancels, default=0)
    return [row for row in rows if row.id > last]


def is_in_pos(rows):
    """True if the POS has the order, or is asked whether it has."""
    tickets = [row for row in rows if row.operation != "refund" and row.state != "voided"]
    places = [row for row in rows if row.operation == "place"]
    return bool(places) and may_be_there(places[-1]) and tickets[-1].operation != "cancel"


def may_be_there(row):
    """What is held for another reason was not sent, and waits with all that was given back."""
    return row.state == "done" or (row.state == "held" and row.reason == "may_be_there")


def refund_lines(rows):
    """Of the ticket that counts: another one knows nothing of what was given back of the first."""
    slips = [canonical.decode(Slip, row.slip) for row in of_last_ticket(rows) if is_refund(row)]
    return [line for slip in slips for line in slip.refund.lines]


def cents(lines):
    return sum(line.price_cents + line.tax_cents for line in lines)


def check_paid(bill, rows, paid):
    """Quote, order, refund: what was taken off, what was paid, what is given back of it."""
    given = defaultdict(lambda: (0, 0))
    for line in (one for one in refund_lines(rows) if one.id in bill.paid):
        price, tax = given[line.id]
        given[line.id] = price + line.price_cents, tax + line.tax_cents
    for unit, (price, tax) in given.items():
        assert price <= bill.paid[unit][0], "more back than was paid"
        assert tax <= bill.paid[unit][1], "more tax back than was paid"
    for held in paid:
        if held.number == bill.number:
            assert held.off == bill.discount, "another discount than the guest got"


def check_uses(rows, now):
    """Nobody has a code more often than may be."""
    counting = [
        row
        for row in rows
        if row["state"] == "committed"
        or (row["state"] == "reserved" and row["at"] > now - RESERVED_FOR)
    ]
    once = [(row["restaurant"], row["guest"]) for row in counting if row["code"] == "guest"]
    assert len(set(once)) == len(once), rows


def check_record(rows, promotions, now):
    """What was paid, is held or was given back is on record, to the cent, and nothing else is."""
    found = {
        (row["restaurant"], row["checkout_id"], row["code"]): (row["state"], row["amount_cents"])
        for row in rows
        if row["state"] != "applied"
    }
    expected = promotions.on_record(now)
    assert found.keys() == expected.keys(), (found, expected)
    for use, (state, amount) in found.items():
        states, off = expected[use]
        assert state in states, (use, state, states)
        assert amount == off, (use, amount, off)
