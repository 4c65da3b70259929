import time
from dataclasses import replace

import pytest

from bridge.console.auth import COOKIE, cookie_value
from bridge.ledger import requests
from bridge.ledger.requests import Request
from bridge.model import Answer
from tests.console import TICKETS, TOKEN, a_console, failing, get, post
from tests.kitchen import Kitchen, an_order, dish


async def states(console):
    _status, body = await get(console.client, TICKETS)
    return {ticket["order_id"]: ticket["state"] for ticket in body["tickets"]}


# --- tickets -----------------------------------------------------------------------------------


async def test_a_finished_delivery_is_a_ticket(console):
    await console.kitchen.place()
    status, body = await get(console.client, TICKETS)
    (ticket,) = body["tickets"]
    assert status == 200
    assert ticket["lines"] == [
        {"quantity": 2, "name": "Ceviche", "modifiers": ["Èclairs"], "notes": ""}
    ]
    wanted = {"order_id": "order-1", "order_number": "233", "version": 1, "state": "open"}
    assert wanted.items() <= ticket.items()
    assert {"table", "changes", "accepted_at", "guest", "fulfilment", "due_at"} <= ticket.keys()


async def test_a_restaurant_without_a_board_has_an_empty_list(console):
    await Kitchen(console.ledger, restaurant="cafe", adapter="file").place()
    assert await get(console.client, "/api/v1/kitchen/cafe/tickets") == (200, {"tickets": []})


async def test_an_unknown_restaurant_is_told_the_known_ones(console):
    status, body = await get(console.client, "/api/v1/kitchen/nowhere/tickets")
    assert (status, body["code"], body["restaurants"]) == (
        404,
        "unknown_restaurant",
        ["lopez", "cafe"],
    )


async def test_a_stranger_does_not_learn_the_names(console):
    status, body = await get(console.stranger, "/api/v1/kitchen/nowhere/tickets")
    assert (status, "restaurants" in body) == (401, False)


async def test_bump_takes_a_ticket_off_and_recall_brings_it_back(console):
    await console.kitchen.place()
    status, body = await post(console.client, f"{TICKETS}/order-1/bump", json={"version": 1})
    assert (status, body) == (200, {"order_id": "order-1", "version": 1, "bumped": True})
    assert await states(console) == {"order-1": "bumped"}
    assert (await post(console.client, f"{TICKETS}/order-1/recall"))[0] == 200
    assert await states(console) == {"order-1": "open"}


async def test_bump_and_recall_may_be_asked_twice(console):
    await console.kitchen.place()
    for verb in ("bump", "bump", "recall", "recall"):
        assert (await post(console.client, f"{TICKETS}/order-1/{verb}"))[0] == 200


async def test_a_cook_cannot_bump_what_he_has_not_seen(console):
    order = await console.kitchen.place()
    await console.kitchen.change(replace(order, lines=(dish(3, "Ceviche"),)))
    status, body = await post(console.client, f"{TICKETS}/order-1/bump", json={"version": 1})
    assert (status, body["code"], body["version"]) == (409, "ticket_changed", 2)
    assert await states(console) == {"order-1": "open"}


async def test_a_change_after_the_bump_opens_the_ticket_again(console):
    order = await console.kitchen.place()
    await post(console.client, f"{TICKETS}/order-1/bump")
    await console.kitchen.change(replace(order, lines=(dish(3, "Ceviche"),)))
    _status, body = await get(console.client, TICKETS)
    (ticket,) = body["tickets"]
    assert (ticket["state"], ticket["kind"], ticket["version"]) == ("open", "change", 2)
    assert ticket["changes"]


async def test_a_void_stays_until_somebody_bumps_it(console):
    order = await console.kitchen.place()
    await console.kitchen.void(order)
    assert await states(console) == {"order-1": "void"}
    await post(console.client, f"{TICKETS}/order-1/bump", json={"version": 2})
    assert await states(console) == {"order-1": "bumped"}


async def test_a_ticket_that_is_not_there_cannot_be_bumped(console):
    status, body = await post(console.client, f"{TICKETS}/order-9/bump")
    assert (status, body["code"]) == (404, "no_ticket")


async def test_a_body_that_is_too_big_is_refused_in_the_usual_form(console):
    status, body = await post(console.client, f"{TICKETS}/order-1/bump", data=b" " * 20_000)
    assert (status, body["code"]) == (413, "request_entity_too_large")


# --- who may come in ---------------------------------------------------------------------------


async def test_a_stranger_gets_a_problem_from_the_api(console):
    async with console.stranger.get(TICKETS) as answer:
        assert (answer.status, answer.content_type) == (401, "application/problem+json")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_stranger_gets_a_page_that_says_how_to_come_in(console):
    async with console.stranger.get("/kitchen/lopez") as answer:
        assert (answer.status, answer.content_type) == (401, "text/html")
        assert "/kitchen/lopez?token=" in await answer.text()


async def test_the_token_in_the_address_becomes_a_cookie_and_disappears(console):
    async with console.stranger.get(
        f"/kitchen/lopez?token={TOKEN}&size=L", allow_redirects=False
    ) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/kitchen/lopez?size=L")
        cookie = answer.cookies[COOKIE]
        assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Strict", "")
        assert TOKEN not in cookie.value


async def test_behind_tls_the_cookie_is_secure(console):
    async with console.stranger.get(
        f"/?token={TOKEN}", headers={"X-Forwarded-Proto": "https"}, allow_redirects=False
    ) as answer:
        assert answer.cookies[COOKIE]["secure"] is True


async def test_a_wrong_token_in_the_address_gets_no_cookie(console):
    async with console.stranger.get("/kitchen/lopez?token=wrong", allow_redirects=False) as answer:
        assert (answer.status, dict(answer.cookies)) == (401, {})


async def test_the_cookie_opens_page_and_api(console):
    for path in ("/", "/kitchen/lopez", TICKETS):
        async with console.stranger.get(path, cookies={COOKIE: cookie_value(TOKEN)}) as answer:
            assert answer.status == 200


async def test_another_sites_page_cannot_bump_with_the_cookie(console):
    await console.kitchen.place()
    status, body = await post(
        console.stranger,
        f"{TICKETS}/order-1/bump",
        cookies={COOKIE: cookie_value(TOKEN)},
        headers={"Origin": "http://evil.example"},
    )
    assert (status, body["code"]) == (403, "other_origin")
    assert await states(console) == {"order-1": "open"}


async def test_the_local_socket_needs_no_token(console):
    assert (await get(console.local, TICKETS))[0] == 200


# --- orders and restaurants --------------------------------------------------------------------


async def test_an_order_is_shown_with_its_deliveries(console):
    await console.kitchen.place()
    status, body = await get(console.client, "/api/v1/orders/order-1")
    (delivery,) = body["deliveries"]
    assert (status, body["restaurant"], body["state"]) == (200, "lopez", "done")
    assert (delivery["operation"], delivery["state"]) == ("place", "done")
    assert "bodies" not in body


async def test_an_unknown_order_is_a_problem(console):
    status, body = await get(console.client, "/api/v1/orders/nothing")
    assert (status, body["code"]) == (404, "unknown_order")


async def test_an_id_that_two_restaurants_have_asks_which(console):
    await console.kitchen.place()
    await Kitchen(console.ledger, restaurant="cafe", adapter="file").place()
    status, body = await get(console.client, "/api/v1/orders/order-1")
    assert (status, body["restaurants"]) == (409, ["cafe", "lopez"])
    status, body = await get(console.client, "/api/v1/orders/order-1?restaurant=cafe")
    assert (status, body["restaurant"]) == (200, "cafe")


async def test_raw_bodies_are_for_bearer_and_socket_only(console):
    call = Request(
        received_at=time.time(),
        endpoint="main",
        hook="order-injection",
        correlation_id="c",
        content_type="application/json",
        body=b'{"secret": 1}',
        restaurant="lopez",
        order_id="order-1",
        checkout_id="k",
    )
    answer = Answer(status=422, code="no_items", body=b"")
    await console.ledger.write(lambda tx: requests.record(tx, call, answer, hand_over=False))
    path = "/api/v1/orders/order-1?raw=1"
    cookie = {COOKIE: cookie_value(TOKEN)}
    assert (await get(console.stranger, path, cookies=cookie))[0] == 403
    for session in (console.client, console.local):
        _status, body = await get(session, path)
        assert body["bodies"][0]["body"] == '{"secret": 1}'


async def test_orders_are_listed_page_by_page(console):
    now = time.time()
    for number in range(3):
        await console.kitchen.place(an_order(f"order-{number}"), at=now - 10 + number)
    _status, first = await get(console.client, "/api/v1/orders?restaurant=lopez&limit=2")
    _status, second = await get(
        console.client, "/api/v1/orders?limit=2", params={"before": first["next"]}
    )
    found = [order["order_id"] for order in first["orders"] + second["orders"]]
    assert (found, second["next"]) == (["order-2", "order-1", "order-0"], None)


async def test_orders_of_an_unknown_restaurant_are_a_problem(console):
    assert (await get(console.client, "/api/v1/orders?restaurant=nowhere"))[0] == 404


async def test_restaurants_are_listed_with_what_is_known_of_their_pos(console):
    _status, body = await get(console.client, "/api/v1/restaurants")
    lopez, cafe = body["restaurants"]
    assert lopez == {
        "id": "lopez",
        "name": "Lopez",
        "adapter": "board",
        "timezone": "Europe/Madrid",
        "state": "up",
        "reason": "",
        "console": "http://worker:8082",
        "lock": "",
    }
    assert "state" not in cafe


async def test_the_doctor_names_a_change_that_nobody_could_read(console):
    change = Request(
        received_at=console.ledger.now(),
        endpoint="e",
        hook="order-change",
        correlation_id="call-1",
        content_type="",
        body=b"{}",
        restaurant="lopez",
        order_id="o-7",
        error="bad_item: order.items[0] is not an object",
    )
    answer = Answer(status=200, code="archived", body=b"")
    await console.ledger.write(lambda tx: requests.record(tx, change, answer, hand_over=False))

    _status, body = await get(console.client, "/api/v1/findings")
    texts = [one["text"] for one in body["findings"] if one["subject"] == "lopez"]
    assert any("o-7 (call-1, bad_item)" in text for text in texts)


async def test_the_doctor_says_what_is_wrong_and_what_to_do(console):
    _status, body = await get(console.client, "/api/v1/findings")
    levels = {(one["subject"], one["level"]) for one in body["findings"]}
    assert ("lopez", "good") in levels
    assert ("cafe", "warning") in levels  # nothing was heard of its POS


# --- pages, health, headers --------------------------------------------------------------------


async def test_a_page_of_a_restaurant_without_a_board_says_where_its_tickets_go(console):
    async with console.client.get("/kitchen/cafe") as answer:
        assert (answer.status, "<strong>file</strong>" in await answer.text()) == (200, True)


@pytest.mark.parametrize("path", ["/kitchen/lopez", TICKETS, TICKETS.replace("tickets", "stream")])
async def test_an_ingress_without_a_worker_names_the_place_of_the_board(tmp_path, path):
    async with a_console(tmp_path, has_worker=False) as ingress, ingress.client.get(path) as answer:
        assert (answer.status, "http://worker:8082" in await answer.text()) == (421, True)


async def test_the_index_shows_the_kitchens_and_the_state_of_their_pos(console):
    async with console.client.get("/") as answer:
        text = await answer.text()
    assert (text.count('href="/kitchen/'), 'data-state="up">up<' in text) == (2, True)


async def test_an_unknown_page_is_a_page_that_says_so(console):
    async with console.client.get("/kitchen/nowhere") as answer:
        assert (answer.status, answer.content_type) == (404, "text/html")
        assert "known: lopez, cafe" in await answer.text()


async def test_health_is_open_and_ready_follows_the_daemon(console):
    async with console.stranger.get("/healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")
    assert await get(console.stranger, "/readyz") == (200, console.health)
    console.health["ready"] = False
    assert await get(console.stranger, "/readyz") == (503, console.health)


async def test_metrics_are_in_the_prometheus_format(console):
    async with console.stranger.get("/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        assert "# TYPE pos_bridge_requests_total counter" in await answer.text()


@pytest.mark.parametrize(
    "path", ["/", TICKETS, "/healthz", "/static/board.js", "/nothing", "/static/nothing"]
)
async def test_every_answer_carries_the_security_headers(console, path):
    async with console.client.get(path) as answer:
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        wanted = "no-cache" if path.startswith("/static/") else "no-store"
        assert answer.headers["Cache-Control"] == wanted


async def test_a_file_that_has_not_changed_is_not_sent_again(console):
    async with console.client.get("/static/board.css") as first:
        tag = first.headers["ETag"]
    async with console.client.get("/static/board.css", headers={"If-None-Match": tag}) as second:
        assert second.status == 304


async def test_a_fault_of_ours_is_a_problem_without_details(console):
    console.health["restaurants"] = 3
    status, body = await get(console.client, "/api/v1/restaurants")
    assert (status, body["code"]) == (500, "internal_error")


async def test_a_ledger_that_fails_is_a_503(console):
    console.ledger.write = console.ledger.read = failing
    status, body = await get(console.client, TICKETS)
    assert (status, body["code"]) == (503, "ledger_unavailable")
