import pytest
from aiohttp.test_utils import make_mocked_request

from bridge.console.auth import COOKIE, Entry, Guard, cookie_value, is_same_origin
from bridge.console.problem import Refusal

GUARD = Guard(token="right", trusted=False)
OWN_PAGE = {"Host": "kitchen.local:8081", "Origin": "http://kitchen.local:8081"}


def a_request(path="/api/v1/orders", *, method="GET", cookie=None, **headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if cookie is not None:
        sent["Cookie"] = f"{COOKIE}={cookie}"
    return make_mocked_request(method, path, headers=sent)


def refusal_of(request, guard=GUARD):
    with pytest.raises(Refusal) as caught:
        guard.check(request)
    return caught.value


def test_the_right_bearer_comes_in():
    assert GUARD.entry(a_request(Authorization="Bearer right")) is Entry.BEARER


@pytest.mark.parametrize(
    "said", ["Bearer wrong", "Bearer ", "Basic right", "right", "Bearer ríght"]
)
def test_another_authorization_does_not_come_in(said):
    assert refusal_of(a_request(Authorization=said)).status == 401


def test_the_cookie_made_from_the_token_comes_in():
    assert GUARD.entry(a_request(cookie=cookie_value("right"))) is Entry.COOKIE


def test_the_token_itself_is_not_a_cookie():
    assert GUARD.entry(a_request(cookie="right")) is None


def test_the_cookie_of_another_token_is_worth_nothing():
    assert GUARD.entry(a_request(cookie=cookie_value("left"))) is None


def test_the_cookie_does_not_show_the_token():
    assert "right" not in cookie_value("right")


@pytest.mark.parametrize("token", [None, ""])
def test_without_a_configured_token_nobody_comes_in(token):
    guard = Guard(token=token, trusted=False)
    for request in (a_request(Authorization="Bearer "), a_request(cookie=cookie_value(""))):
        assert "no token is configured" in refusal_of(request, guard).detail


def test_the_trusted_listener_asks_for_nothing():
    assert Guard(token=None, trusted=True).entry(a_request()) is Entry.SOCKET


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/static/board.css"])
def test_health_metrics_and_files_are_open(path):
    GUARD.check(a_request(path))


def test_a_command_with_the_cookie_from_the_consoles_own_page_is_taken():
    GUARD.check(a_request(method="POST", cookie=cookie_value("right"), **OWN_PAGE))


def test_a_command_with_the_cookie_and_no_origin_is_refused():
    refusal = refusal_of(a_request(method="POST", cookie=cookie_value("right"), Host="a"))
    assert (refusal.status, refusal.code) == (403, "other_origin")


def test_a_command_with_the_bearer_needs_no_origin():
    GUARD.check(a_request(method="POST", Authorization="Bearer right"))


def test_the_browsers_word_for_same_origin_counts():
    assert is_same_origin({"Sec-Fetch-Site": "same-origin"})


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_the_browsers_word_for_any_other_site_counts_more_than_the_origin(site):
    assert not is_same_origin({**OWN_PAGE, "Sec-Fetch-Site": site})


@pytest.mark.parametrize("origin", ["http://evil.example", "http://kitchen.local", "null", ""])
def test_another_origin_or_port_is_not_the_same(origin):
    assert not is_same_origin({"Host": "kitchen.local:8081", "Origin": origin})


def test_neither_origin_nor_host_is_no_proof():
    assert not is_same_origin({})
