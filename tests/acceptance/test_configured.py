"""`check` and `run`: from configuration files to a daemon."""

import json
import signal
import socket
import subprocess

import pytest

from tests.acceptance.demo import COMMAND, JSON, run, wait_for
from tests.acceptance.documents import a_sample
from tests.acceptance.http_call import basic, call

ENDPOINT = "a-webhook-address-of-a-test"
RESTAURANT = "ecde3351-606c-4971-ab5a-792bccb0e5e2"


@pytest.fixture
def ports():
    """Two that are free now."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture
def installation(tmp_path, ports):
    """The main file of a complete configuration."""
    (tmp_path / "restaurants").mkdir()
    (tmp_path / "ledger").mkdir()
    for secret in ("password", "token"):
        (tmp_path / secret).write_text(f"{secret}-of-a-test\n")
        (tmp_path / secret).chmod(0o600)
    (tmp_path / "restaurants/pier.toml").write_text(
        f'id = "pier"\nname = "The Pier"\nbbot_id = "{RESTAURANT}"\n'
        'timezone = "America/New_York"\nadapter = "board"\n'
    )
    main = tmp_path / "pos-bridge.toml"
    main.write_text(
        f'[ingress]\nlisten = "127.0.0.1:{ports[0]}"\n'
        f'[console]\nlisten = "127.0.0.1:{ports[1]}"\ntoken = {{ file = "token" }}\n'
        f'socket = "{tmp_path}/console.sock"\n'
        f'[ledger]\ndirectory = "{tmp_path}/ledger"\nballast = 0\n'
        f'[[endpoints]]\nid = "{ENDPOINT}"\nusername = "bbot"\n'
        'password = { file = "password" }\nrestaurants = ["pier"]\n'
    )
    return main


@pytest.fixture
def daemon(installation):
    """`pos-bridge run` on it, ready."""
    command = [COMMAND, "run", "--config", installation]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        lines = iter(process.stderr.readline, "")
        log = [json.loads(line) for line in lines_until(lines, '"ready"')]
        yield process, log
        if process.poll() is None:
            process.kill()


def lines_until(lines, word):
    for line in lines:
        yield line
        if word in line:
            return


def break_it(main):
    """One mistake in each file."""
    main.write_text(main.read_text().replace("username", "usernam"))
    restaurant = main.parent / "restaurants/pier.toml"
    restaurant.write_text(restaurant.read_text().replace("New_York", "NewYork"))


def test_a_good_configuration_is_0(installation):
    checked = run("check", "--config", installation)

    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == "the configuration is good\n"


def test_a_good_configuration_as_json(installation):
    checked = run("check", "--config", installation, "--json")

    assert json.loads(checked.stdout) == {"good": True, "problems": []}


def test_every_mistake_is_told_at_once_with_what_to_write_instead(installation):
    break_it(installation)

    checked = run("check", "--config", installation)

    assert checked.returncode == 2
    assert 'did you mean "username"?' in checked.stderr
    assert 'did you mean "America/New_York"?' in checked.stderr


def test_every_mistake_as_json_has_its_file_and_key(installation):
    break_it(installation)

    checked = json.loads(run("check", "--config", installation, "--json").stdout)

    places = {
        (problem["file"].rpartition("/")[2], problem["key"]) for problem in checked["problems"]
    }
    assert checked["good"] is False
    assert {("pos-bridge.toml", "endpoints.0.usernam"), ("pier.toml", "timezone")} <= places


def test_the_settings_of_an_adapter_are_checked_as_well(installation):
    restaurant = installation.parent / "restaurants/pier.toml"
    restaurant.write_text(restaurant.read_text().replace("board", "file"))

    checked = run("check", "--config", installation)

    assert checked.returncode == 2
    assert "settings.directory" in checked.stderr


def test_a_file_that_is_not_there_is_2(tmp_path):
    checked = run("check", "--config", tmp_path / "nothing.toml")

    assert checked.returncode == 2
    assert "nothing.toml" in checked.stderr


def test_check_judges_for_the_half_that_it_is_told(installation):
    broker = '[broker]\nusername = "u"\npassword = { file = "token" }\n'
    restaurant = installation.parent / "restaurants/pier.toml"
    restaurant.write_text(restaurant.read_text().replace("board", "file"))
    installation.write_text(broker + installation.read_text())
    ingress = run("check", "--config", installation, "--role", "ingress")
    worker = run("check", "--config", installation, "--role", "worker")

    assert (ingress.returncode, ingress.stderr) == (0, "")
    assert worker.returncode == 2
    assert "settings.directory" in worker.stderr


def test_check_asks_a_worker_for_no_password_of_the_platform(installation):
    broker = '[broker]\nusername = "u"\npassword = { file = "token" }\n'
    installation.write_text(broker + installation.read_text())
    (installation.parent / "password").unlink()
    found = {
        role: run("check", "--config", installation, "--role", role).returncode
        for role in ("all", "ingress", "worker")
    }

    assert found == {"all": 2, "ingress": 2, "worker": 0}


@pytest.mark.parametrize("command", ["check", "run"])
def test_check_and_run_find_the_same_lack(installation, command):
    judged = run(command, "--config", installation, "--role", "worker")

    assert judged.returncode == 2
    assert "no section [broker], which --role worker needs" in judged.stderr


def test_run_does_not_start_on_a_bad_configuration(installation):
    break_it(installation)

    started = run("run", "--config", installation)

    assert started.returncode == 2
    assert "Traceback" not in started.stderr


def test_half_a_bridge_without_a_broker_does_not_start(installation):
    started = run("run", "--config", installation, "--role", "ingress")

    assert started.returncode == 2
    assert "[broker]" in started.stderr


def test_run_serves_what_is_configured(daemon, ports):
    url = f"http://127.0.0.1:{ports[0]}/bbot/{ENDPOINT}/order-injection"
    bearer = {"Authorization": "Bearer token-of-a-test"}
    board = f"http://127.0.0.1:{ports[1]}/api/v1/kitchen/pier/tickets"

    login = basic("bbot", "password-of-a-test")
    reply = call(url, method="POST", body=a_sample(), headers=login | JSON)
    (ticket,) = wait_for(lambda: call(board, headers=bearer).json()["tickets"])

    assert reply.status == 200
    assert ticket["lines"][0]["quantity"] == 2


def test_the_log_is_json_without_secrets_or_guests(daemon, ports):
    process, log = daemon
    url = f"http://127.0.0.1:{ports[0]}/bbot/{ENDPOINT}/order-injection"
    login = basic("bbot", "password-of-a-test")
    call(url, method="POST", body=a_sample(), headers=login | JSON)
    call(url, method="POST", body=a_sample(), headers=JSON)

    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=10)
    log += [json.loads(line) for line in rest.splitlines()]
    text = json.dumps(log)

    assert process.returncode == 0
    assert log[0]["event"] == "starting"
    assert log[-1]["event"] == "stopped"
    for secret in ("password-of-a-test", "token-of-a-test", "guest@example.com", "Wang", "5555555"):
        assert secret not in text


def test_the_commands_find_the_daemon_by_the_environment(daemon, installation):
    socket_path = str(installation.parent / "console.sock")

    listed = run("orders", "--json", env={"POS_BRIDGE__CONSOLE__SOCKET": socket_path})

    assert json.loads(listed.stdout)["orders"] == []
