import orjson
import pytest

from bridge.ingress.answers import accept, refuse


def test_a_yes_names_result_correlation_and_order():
    answer = accept("accepted", "c-1", "order-1")

    assert (answer.status, answer.is_yes, answer.content_type) == (200, True, "application/json")
    assert orjson.loads(answer.body) == {
        "result": "accepted",
        "correlation_id": "c-1",
        "order_id": "order-1",
    }


def test_a_yes_without_an_order_names_none():
    assert "order_id" not in orjson.loads(accept("archived", "c-1").body)


def test_a_refusal_is_a_problem_document():
    answer = refuse(409, "closed", "closed until 17:00", "c-1")

    assert answer.content_type == "application/problem+json"
    assert orjson.loads(answer.body) == {
        "type": "urn:pos-bridge:problem:closed",
        "title": "The order cannot be taken now",
        "status": 409,
        "code": "closed",
        "detail": "closed until 17:00",
        "correlation_id": "c-1",
    }


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 431, 503])
def test_every_status_in_use_has_a_title_of_its_own_kind(status):
    title = orjson.loads(refuse(status, "code", "detail", "c-1").body)["title"]

    assert title != "The request was not taken"


def test_only_what_may_pass_by_itself_says_when_to_come_again():
    assert refuse(503, "pos_down", "", "c-1").headers == {"Retry-After": "10"}
    assert refuse(422, "no_items", "", "c-1").headers == {}
