"""From the platform's published sample to the ticket in the kitchen."""

import json
import re
import shutil
import subprocess

import pytest

from tests.acceptance.demo import COMMAND, JSON, wait_for
from tests.acceptance.documents import ORDER_ID, RESTAURANT, a_sample
from tests.acceptance.http_call import call


@pytest.fixture(scope="module")
def answer(running):
    return running.post(a_sample())


@pytest.fixture(scope="module")
def ticket(running, answer):
    (found,) = wait_for(running.tickets)
    return found


def test_the_sample_gets_a_yes(answer):
    assert answer.status == 200
    assert answer.json()["result"] == "accepted"
    assert answer.json()["order_id"] == ORDER_ID


def test_the_ticket_has_two_units_in_one_line(ticket):
    (line,) = ticket["lines"]

    assert (line["quantity"], line["name"]) == (2, "Ceviche")


def test_the_ticket_has_the_modifier_with_its_accent(ticket):
    (line,) = ticket["lines"]

    assert line["modifiers"] == ["Èclairs"]


def test_the_ticket_says_whose_and_where(ticket):
    assert ticket["order_id"] == ORDER_ID
    assert ticket["order_number"] == "233"
    assert ticket["table"] == "Barge"


def test_the_order_tells_its_life(running, ticket):
    order = running.order(ORDER_ID)

    assert order["state"] == "done"
    assert [event["hook"] for event in order["events"]] == ["order-injection"]
    assert [(one["status"], one["fate"]) for one in order["answers"]] == [(200, "written")]
    (delivery,) = order["deliveries"]
    assert (delivery["operation"], delivery["version"], delivery["state"]) == ("place", 1, "done")
    assert [attempt["outcome"] for attempt in delivery["attempts"]] == ["accepted"]


def test_asking_again_gets_the_same_answer_and_no_second_ticket(running, answer, ticket):
    again = running.post(a_sample())

    assert (again.status, again.body) == (answer.status, answer.body)
    assert again.headers["idempotent-replayed"] == "true"
    assert len(running.tickets()) == 1


def test_the_kitchen_page_opens_with_the_token_of_the_demo(running):
    page = f"{running.said['console']}/kitchen/{RESTAURANT}"

    opened = call(f"{page}?token={running.said['token']}")
    cookie = opened.headers["set-cookie"].partition(";")[0]

    assert (opened.status, opened.headers["location"]) == (303, f"/kitchen/{RESTAURANT}")
    assert call(page, headers={"Cookie": cookie}).status == 200
    assert call(page).status == 401


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/json; charset=utf-8"]
)
def test_the_content_type_does_not_matter(running, answer, content_type):
    headers = running.login() | {"content-type": content_type}

    assert call(running.hook(), method="POST", body=a_sample(), headers=headers).status == 200


def test_the_bare_address_knows_the_sample_by_its_shape(running, answer):
    address = running.hook().rpartition("/")[0]
    headers = running.login() | JSON

    assert call(address, method="POST", body=a_sample(), headers=headers).status == 200


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What a running demo says to people, up to its last line."""
    directory = tmp_path_factory.mktemp("printed")
    command = [COMMAND, "demo", "--port=0", "--console-port=0", "--dir", directory]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lines = []
        while "pos-bridge orders" not in "".join(lines[-1:]):
            lines.append(process.stdout.readline())
            assert lines[-1], "it ended before it had said everything"
        yield "".join(lines)
        process.terminate()


def test_the_printed_curl_line_works_as_it_stands(printed):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    line = re.search(r"^ *curl .*$", printed, re.MULTILINE)[0]

    posted = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, timeout=30, check=True
    )

    assert json.loads(posted.stdout)["result"] == "accepted"


def test_what_the_demo_prints_is_for_reading(printed):
    assert "\x1b" not in printed
    assert re.search(rf"Kitchen screen +http://\S+/kitchen/{RESTAURANT}\?token=\S+\n", printed)
    assert re.search(r"Endpoint +http://127\.0\.0\.1:\d+/bbot/[0-9a-f]{32}\n", printed)
    assert re.search(r"User, password +bbot \S+\n", printed)
