import orjson
import pytest

from bridge.testing.pos_refund import RefundedLine, RefundError, order_of, read_refund

LINE = {"id": "u1", "name": "Soup", "price_cents": 300, "tax_cents": 25}


def read(amount=325, lines=(LINE,), order_id="o-1"):
    body = {"order_id": order_id, "refund": {"lines": list(lines), "amount_cents": amount}}
    text = orjson.dumps(body).decode()
    return read_refund(text, number=3, key="k", ticket="T-1", kept_at=1.0)


def test_a_refund_has_key_order_lines_and_cents():
    refund = read()
    assert (refund.ref, refund.key, refund.ticket, refund.order_id) == ("R-3", "k", "T-1", "o-1")
    assert refund.lines == (RefundedLine(**LINE),)
    assert refund.amount_cents == 325


def test_what_else_a_caller_says_does_no_harm():
    assert read(lines=[LINE | {"is_gone": True}]).lines == (RefundedLine(**LINE),)


def test_price_and_tax_of_all_lines_make_the_amount():
    assert read(amount=650, lines=[LINE, LINE]).amount_cents == 650


def test_what_took_something_off_is_taken_back():
    assert read(amount=125, lines=[LINE, LINE | {"price_cents": -200, "tax_cents": 0}])


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("refund.amount_cents", {"amount": 324}),
        ("refund.amount_cents", {"amount": 326}),
        ("refund.amount_cents", {"amount": 325.0}),
        ("refund.amount_cents", {"amount": "325"}),
        ("refund.amount_cents", {"amount": None}),
        ("refund.lines", {"amount": 0, "lines": []}),
        ("refund.amount_cents", {"amount": -275, "lines": [LINE | {"price_cents": -300}]}),
        ("refund.lines.0.tax_cents", {"lines": [LINE | {"tax_cents": 25.0}]}),
        ("refund.lines.0.tax_cents", {"lines": [LINE | {"tax_cents": True}]}),
        ("order_id", {"order_id": None}),
    ],
)
def test_what_is_not_a_sum_of_whole_cents_is_refused_with_its_field(field, wrong):
    with pytest.raises(RefundError) as caught:
        read(**wrong)
    assert caught.value.field == field


@pytest.mark.parametrize("body", ["", "{", "[]", "paper"])
def test_what_is_no_document_is_refused(body):
    with pytest.raises(RefundError):
        read_refund(body, number=1, key="k", ticket="", kept_at=0.0)


@pytest.mark.parametrize(
    ("ticket", "order_id"),
    [('{"order_id": "o-1"}', "o-1"), ("{}", ""), ("[]", ""), ("1 x Soup", "")],
)
def test_a_ticket_names_its_order_or_none(ticket, order_id):
    assert order_of(ticket) == order_id
