import orjson
from aiohttp import web

from bridge.console.problem import Refusal, as_problem, from_http


def test_a_refusal_becomes_a_problem_document():
    answer = as_problem(Refusal(409, "ticket_changed", "look again", version=2))
    assert (answer.status, answer.content_type) == (409, "application/problem+json")
    assert orjson.loads(answer.body) == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "code": "ticket_changed",
        "detail": "look again",
        "version": 2,
    }


def test_the_web_servers_own_refusals_take_the_same_form():
    refusal = from_http(web.HTTPMethodNotAllowed("PUT", ["GET"]))
    assert (refusal.status, refusal.code) == (405, "method_not_allowed")
