import click
import pytest
from click.testing import CliRunner

from bridge.cli import client
from bridge.cli.client import SOCKET, Target, fetch, send


@pytest.fixture
def answer(monkeypatch):
    """What the daemon answers, or how it does not."""

    def answer(status=200, body=b"{}", error=None):
        async def answer_call(_target, method, _path, **more):
            asked.append((method, *more.values()))
            if error is not None:
                raise error
            return status, body

        asked = []
        monkeypatch.setattr(client, "_call", answer_call)
        return asked

    return answer


HERE = Target(socket=SOCKET)


def test_what_it_answers_is_given(answer):
    answer(body=b'{"orders": []}')

    assert fetch(HERE, "/api/v1/orders") == {"orders": []}


def test_only_what_was_asked_for_is_asked(answer):
    asked = answer()
    fetch(HERE, "/api/v1/orders", restaurant="lopez", state="")

    assert asked == [("GET", {"restaurant": "lopez"})]


def test_a_command_is_sent_with_its_body(answer):
    asked = answer(body=b'{"moved": []}')

    assert send(HERE, "/api/v1/replay", {"order_id": "o1"}) == {"moved": []}
    assert asked == [("POST", b'{"order_id":"o1"}')]


@pytest.mark.parametrize("error", [OSError("no such file"), TimeoutError(), ValueError("bad URL")])
def test_no_daemon_is_told_with_the_place_where_it_was_looked_for(answer, capsys, error):
    answer(error=error)
    with pytest.raises(SystemExit) as caught:
        fetch(HERE, "/api/v1/orders")

    assert caught.value.code == 1
    assert capsys.readouterr().err.startswith(f"no daemon answers at {SOCKET}: ")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"null"])
def test_something_else_that_answers_is_told(answer, capsys, body):
    answer(body=body)
    with pytest.raises(SystemExit) as caught:
        fetch(Target(socket=SOCKET, url="http://printer.example"), "/api/v1/orders")

    assert caught.value.code == 1
    assert "http://printer.example" in capsys.readouterr().err


def test_a_refusal_is_told_in_its_own_words(answer, capsys):
    answer(404, b'{"title": "not found", "detail": "no order has that id"}')
    with pytest.raises(SystemExit) as caught:
        fetch(HERE, "/api/v1/orders/o1")

    assert caught.value.code == 1
    assert capsys.readouterr().err == "no order has that id\n"


def test_a_question_that_the_daemon_does_not_understand_is_wrong_use(answer):
    answer(400, b'{"detail": "state: found \'wrong\'"}')
    with pytest.raises(click.UsageError, match="found 'wrong'") as caught:
        fetch(HERE, "/api/v1/orders", state="wrong")

    assert caught.value.exit_code == 2


# Options


@pytest.fixture
def told():
    """The target that the options make."""

    @click.command()
    @client.options
    def command(target):
        click.echo(f"{target.socket} {target.url} {target.token}")

    def tell(*arguments, **environment):
        return CliRunner(env=environment).invoke(command, [str(each) for each in arguments])

    return tell


def test_the_daemon_of_this_machine_is_the_default(told):
    assert told().output.strip() == str(SOCKET)


def test_the_environment_of_the_service_names_its_socket(told):
    assert told(POS_BRIDGE__CONSOLE__SOCKET="/run/x.sock").output.strip() == "/run/x.sock"


def test_the_token_is_read_from_its_file(told, tmp_path):
    (tmp_path / "token").write_text(" a-token\n")
    said = told("--url", "http://x", "--token-file", tmp_path / "token").output

    assert said.strip() == f"{SOCKET} http://x a-token"


def test_a_file_that_holds_no_token_is_wrong_use(told, tmp_path):
    (tmp_path / "token").write_bytes(b"\xff\xfe")
    ended = told("--token-file", tmp_path / "token")

    assert ended.exit_code == 2
    assert "holds no token" in ended.output
