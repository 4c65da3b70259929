"""The process itself: how it starts, what it refuses to start on, how it ends."""

import socket
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.acceptance.demo import run, wait_for
from tests.acceptance.documents import ORDER_ID, a_sample, an_order


def test_what_it_says_once_ready_is_all_a_program_needs(running):
    assert set(running.said) >= {
        "ingress",
        "console",
        "endpoint",
        "username",
        "password",
        "restaurant",
        "token",
    }


def test_a_restart_keeps_the_address_the_credentials_and_the_tickets(demo):
    bridge = demo()
    before = bridge.said
    bridge.post(a_sample())
    wait_for(bridge.tickets)

    assert bridge.stop() == 0
    bridge.start()

    kept = ("endpoint", "username", "password", "restaurant", "token")
    assert [bridge.said[name] for name in kept] == [before[name] for name in kept]
    assert [ticket["order_id"] for ticket in bridge.tickets()] == [ORDER_ID]


def test_two_directories_have_different_secrets(running, demo):
    one, other = running, demo()

    assert all(one.said[name] != other.said[name] for name in ("endpoint", "password", "token"))


@pytest.mark.parametrize("name", ["demo.json", "console.sock"])
def test_the_secrets_are_readable_by_their_owner_only(running, name):
    assert (running.directory / name).stat().st_mode & 0o077 == 0


def test_the_folder_that_it_makes_is_its_owners_only_and_another_stays_as_it_is(tmp_path):
    made, found = tmp_path / "made", tmp_path / "found"
    found.mkdir(mode=0o755)
    for folder in (made, found):
        wrong = run("demo", "--port=0", "--console-port=0", "--dir", folder, "--set=no=1")
        assert wrong.returncode == 2

    assert [folder.stat().st_mode & 0o777 for folder in (made, found)] == [0o700, 0o755]


def test_a_second_demo_on_the_same_directory_says_why_it_cannot_start(running):
    second = run("demo", "--port=0", "--console-port=0", "--dir", running.directory)

    assert second.returncode == 2
    assert "in use by another process" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize("option", ["--port", "--console-port"])
def test_a_port_in_use_is_said_in_one_sentence(tmp_path, option):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        refused = run("demo", "--port=0", "--console-port=0", f"{option}={port}", "--dir", tmp_path)

    assert refused.returncode == 2
    assert refused.stderr.startswith("cannot start: ")
    assert str(port) in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--adapter=fike"], "fike"),
        (["--set=columns=40"], "columns"),
        (["--adapter=file", "--set=columns=wide"], "columns"),
        (["--adapter=file", "--set=columns"], "KEY=VALUE"),
        (["--adapter=fake", "--set=timeout=soon"], "--set timeout: "),
        (["--broker=localhost"], "--broker"),
    ],
)
def test_a_wrong_wish_is_said_in_one_sentence(tmp_path, options, said):
    refused = run("demo", "--port=0", "--console-port=0", "--dir", tmp_path, *options)

    assert refused.returncode == 2
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


@contextmanager
def a_connection(url):
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.hostname, parts.port, timeout=10)) as connection:
        yield connection


def test_sigterm_ends_it_cleanly_while_screens_are_open(demo):
    bridge = demo()
    path = f"/api/v1/kitchen/{bridge.said['restaurant']}/stream"
    bearer = {"Authorization": f"Bearer {bridge.said['token']}"}
    with ExitStack() as screens:
        for _ in range(3):
            screen = screens.enter_context(a_connection(bridge.said["console"]))
            screen.request("GET", path, headers=bearer)
            stream = screens.enter_context(screen.getresponse())
            assert stream.readline() == b"event: tickets\r\n"

        assert bridge.stop() == 0


def test_sigterm_ends_it_without_a_word_while_a_caller_keeps_its_connection(demo):
    bridge = demo()
    bridge.post(an_order())
    with a_connection(bridge.said["ingress"]) as caller:
        caller.request("GET", "/")
        caller.getresponse().read()

        assert bridge.stop() == 0
        assert bridge.log() == ""


def test_sigterm_lets_a_running_attempt_finish(demo, lasting_pos):
    pos = lasting_pos()
    pos.tell(always={"name": "slow", "keeps": True, "seconds": 1})
    bridge = demo("--adapter=fake", f"--set=url={pos.url}")
    bridge.post(a_sample())
    wait_for(lambda: pos.attempts)

    assert bridge.stop() == 0
    bridge.start()

    assert bridge.order(ORDER_ID)["state"] == "done"
    assert len(pos.attempts) == 1
