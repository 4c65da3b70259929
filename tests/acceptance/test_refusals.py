"""What is not an order of ours is answered at once, in words, and leaves no ticket."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.acceptance.demo import JSON
from tests.acceptance.documents import a_sample, an_order
from tests.acceptance.http_call import basic, call


def problem(reply):
    """Its code, after a look at the form that every refusal has."""
    document = reply.json()
    assert reply.headers["content-type"].startswith("application/problem+json")
    assert document["status"] == reply.status
    assert document["title"]
    assert document["detail"]
    assert document["correlation_id"]
    return document["code"]


@pytest.mark.parametrize("headers", [{}, basic("bbot", "wrong"), basic("other", "wrong")])
def test_wrong_credentials_get_401(running, headers):
    reply = call(running.hook(), method="POST", body=a_sample(), headers=headers | JSON)

    assert (reply.status, problem(reply)) == (401, "unauthorized")
    assert reply.headers["www-authenticate"].startswith("Basic ")


def test_another_endpoint_gets_404(running):
    address = running.hook().replace(running.said["endpoint"], "f" * 32)

    reply = call(address, method="POST", body=a_sample(), headers=running.login() | JSON)

    assert (reply.status, problem(reply)) == (404, "unknown_endpoint")


def test_an_unknown_hook_gets_404(running):
    reply = running.post(a_sample(), hook="order-rejection")

    assert (reply.status, problem(reply)) == (404, "unknown_hook")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_any_method_but_post_gets_405(running, method):
    reply = call(running.hook(), method=method, headers=running.login())

    assert (reply.status, problem(reply)) == (405, "not_post")
    assert reply.headers["allow"] == "POST"


@pytest.mark.parametrize("body", [b"{", b"", a_sample()[:-20]])
def test_broken_json_gets_400(running, body):
    reply = running.post(body)

    assert reply.status == 400
    assert problem(reply)


def test_an_unknown_restaurant_gets_422(running):
    document = an_order()
    document["order"]["restaurant_id"] = "somewhere-else"

    reply = running.post(document)

    assert (reply.status, problem(reply)) == (422, "unknown_restaurant")


def test_an_order_without_items_gets_422(running):
    document = an_order()
    document["order"]["items"] = []

    reply = running.post(document)

    assert reply.status == 422
    assert problem(reply)


def test_a_body_of_300_kilobytes_gets_413(running):
    document = an_order()
    document["order"]["items"][0]["special_instructions"] = "x" * 300_000

    reply = running.post(document)

    assert (reply.status, problem(reply)) == (413, "too_big")


def test_a_body_whose_length_is_not_told_gets_413_too(running):
    parts = urlsplit(running.hook())
    head = f"POST {parts.path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in running.login().items())
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(head.encode() + b"\r\n" + chunk * 4 + b"1000\r\n" + b"x" * 0x1000)
        answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_blocked_checkout_is_shown_with_the_reason(running):
    document = an_order()
    document["order"]["restaurant_id"] = "somewhere-else"
    running.post(document)

    order = running.order(document["order"]["id"])

    assert order["state"] == "blocked"
    assert [answer["code"] for answer in order["answers"]] == ["unknown_restaurant"]


def test_a_body_that_could_not_be_read_is_kept(running):
    document = an_order()
    document["order"]["items"] = "nonsense"
    running.post(document)

    shown = running.run("show", document["order"]["id"], "--raw", "--json")
    (body,) = json.loads(shown.stdout)["bodies"]

    assert json.loads(body["body"]) == document


def test_nothing_of_all_this_is_on_the_board(running):
    assert running.tickets() == []
