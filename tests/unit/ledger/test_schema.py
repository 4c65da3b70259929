"""A ledger of an earlier version is brought up to date, with all that is in it."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from bridge import canonical
from bridge.ledger import LedgerError
from bridge.ledger.book import CHARGE, Book, Booked, Checkout, Money
from bridge.ledger.schema import SCHEMA_VERSION, prepare_tables
from bridge.model import (
    DeliveryState,
    Line,
    Operation,
    Refund,
    RefundLine,
    Remainder,
    Slip,
    SlipKind,
    Totals,
    Unit,
)
from bridge.worker.booking.money import count_money, find_fallen
from tests.engine import an_order

FIRST = Path(__file__).with_name("schema_1.sql").read_text()
NOW = 1_700_000_000.0


@pytest.fixture
def connection():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


@pytest.fixture
def old(connection):
    """As the first version made it."""
    connection.executescript(FIRST)
    connection.execute("PRAGMA user_version = 1")
    connection.execute("INSERT INTO meta VALUES ('identity', 'the-old-one')")
    connection.execute(
        """INSERT INTO delivery (restaurant, order_id, checkout_id, operation, version, key,
               correlation_id, state, cause, content, slip, accepted_at, promise_at, updated_at)
           VALUES ('lopez', 'o1', 'c1', 'place', 1, 'k', 'i', 'held', 'late: print?', '{}', '{}',
               1.0, 2.0, 3.0)"""
    )
    return connection


def describe(connection):
    """Tables with their columns in any order, and indexes with their text."""
    names = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
    ).fetchall()
    tables = {
        name: sorted(tuple(row[1:]) for row in connection.execute(f"PRAGMA table_xinfo({name})"))
        for kind, name, _sql in names
        if kind == "table"
    }
    return tables, {name: " ".join(sql.split()) for kind, name, sql in names if kind == "index"}


def test_it_ends_like_a_new_one(old):
    prepare_tables(old, NOW)
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    prepare_tables(fresh, NOW)

    assert describe(old) == describe(fresh)
    fresh.close()


def test_what_is_in_it_stays(old):
    prepare_tables(old, NOW)

    assert old.execute("SELECT value FROM meta").fetchall() == [("the-old-one",)]
    assert old.execute("SELECT state, cause, reason, side FROM delivery").fetchall() == [
        ("held", "late: print?", "", "")
    ]
    assert old.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


# The service charges, which the first version counted one by one


def an_order_of_10_dollars(fee_cents, tax_cents):
    units = (Unit(id="u1", price_cents=1000, tax_cents=90),)
    totals = Totals(fee_cents=fee_cents, tax_cents=tax_cents)
    return replace(
        an_order(), lines=(Line(name="Soup", menu_item_id="s", units=units),), totals=totals
    )


def cost(name, price_cents, tax_cents):
    return {"name": name, "price_cents": price_cents, "tax_cents": tax_cents}


def put_order(old, order, money, slips=()):
    old.execute(
        "INSERT INTO orders VALUES ('lopez', 'o1', 'c1', '', ?, 1, 0, 0.0, ?, 1.0, 1.0, 0)",
        (canonical.encode(order).decode(), orjson.dumps(money).decode()),
    )
    for version, slip in enumerate(slips, 2):
        old.execute(
            """INSERT INTO delivery (restaurant, order_id, checkout_id, operation, version, key,
                   correlation_id, state, cause, content, slip, accepted_at, promise_at, updated_at)
               VALUES ('lopez', 'o1', 'c1', 'refund', ?, 'k', 'i', 'done', '', '{}', ?, 1.0, 2.0,
                   3.0)""",
            (version, canonical.encode(slip).decode()),
        )


def a_refund(*lines):
    return Slip(kind=SlipKind.REFUND, refund=Refund(lines=lines))


def fell(name, price_cents, tax_cents, *, is_charge=False):
    return RefundLine(
        id=name, name=name, price_cents=price_cents, tax_cents=tax_cents, is_charge=is_charge
    )


def money_of(connection):
    ((text,),) = connection.execute("SELECT money FROM orders").fetchall()
    return canonical.decode(dict[str, Money], text)


CHARGED = {
    "u1": cost("Soup", 1000, 90),
    "charge:f1": cost("service charge", 400, 35),
    "charge:f2": cost("service charge", 100, 8),
}


@pytest.mark.parametrize(
    ("fee_cents", "tax_cents", "price", "tax"),
    [(0, 0, 500, 43), (500, 133, 500, 43), (700, 150, 700, 60), (300, 100, 500, 43)],
)
def test_service_charges_are_counted_together_and_at_least_as_the_order_says(
    old, fee_cents, tax_cents, price, tax
):
    put_order(old, an_order_of_10_dollars(fee_cents, tax_cents), CHARGED)
    prepare_tables(old, NOW)

    assert money_of(old) == {
        "u1": Money(name="Soup", price_cents=1000, tax_cents=90),
        CHARGE: Money(name="service charge", price_cents=price, tax_cents=tax),
    }


@pytest.mark.parametrize("money", [{}, {"u1": cost("Soup", 1000, 90)}])
def test_an_order_without_charges_stays_as_it_is(old, money):
    put_order(old, an_order_of_10_dollars(700, 150), money)
    prepare_tables(old, NOW)

    assert old.execute("SELECT money FROM orders").fetchall() == [(orjson.dumps(money).decode(),)]


def test_what_was_told_of_a_charge_is_not_told_again(old):
    told = a_refund(fell("u1", 250, 20), fell("f1", 300, 25, is_charge=True))
    order = an_order_of_10_dollars(700, 150)
    put_order(old, order, CHARGED, [told, a_refund(fell("f2", 50, 4, is_charge=True))])
    prepare_tables(old, NOW)
    money = money_of(old)
    slips = [
        canonical.decode(Slip, text)
        for (text,) in old.execute("SELECT slip FROM delivery WHERE operation = 'refund'")
    ]
    tellers = [
        Booked(
            id=version,
            operation=Operation.REFUND,
            version=version,
            state=DeliveryState.DONE,
            timer=None,
            accepted_at=1.0,
            content=order,
            slip=slip,
        )
        for version, slip in enumerate(slips)
    ]
    left = (
        Remainder(id="f1", price_cents=100, tax_cents=10),
        Remainder(id="f2", price_cents=0, tax_cents=0),
    )
    checkout = Checkout(charges=left)
    counted = count_money(Book(current=order, money=money), order, checkout)
    (line,) = find_fallen(counted, checkout, tellers)

    assert money[CHARGE].is_told
    assert slips[0].refund.lines[0] == told.refund.lines[0]
    # 7.00 and 0.60 tax were paid, 1.00 and 0.10 are left, 3.50 and 0.29 were told.
    assert (line.price_cents, line.tax_cents, line.id, line.is_charge) == (250, 21, "", True)


def test_text_that_is_damaged_does_not_keep_the_others_from_being_brought_up_to_date(old):
    put_order(old, an_order_of_10_dollars(0, 0), CHARGED, [a_refund()])
    old.execute("UPDATE delivery SET slip = '{' WHERE operation = 'refund'")
    prepare_tables(old, NOW)

    assert money_of(old)[CHARGE].price_cents == 500


def test_it_may_be_opened_any_number_of_times(connection):
    for _ in range(3):
        prepare_tables(connection, NOW)

    assert connection.execute("SELECT count(*) FROM meta").fetchone() == (2,)


def test_a_step_that_fails_leaves_it_as_it_was(old):
    old.execute("CREATE TABLE pause (restaurant TEXT)")
    before = describe(old)
    with pytest.raises(sqlite3.Error):
        prepare_tables(old, NOW)

    assert describe(old) == before
    assert old.execute("PRAGMA user_version").fetchone() == (1,)


def test_one_of_a_later_version_is_refused(connection):
    connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LedgerError, match="start the version that wrote it"):
        prepare_tables(connection, NOW)
