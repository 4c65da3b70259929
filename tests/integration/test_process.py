"""The commands as processes: exit status and time of each way to end."""

import json
import os
import signal
import socket
import subprocess
from contextlib import contextmanager

import pytest

from tests.acceptance.demo import COMMAND, PATIENCE, Demo, run, wait_for

RESTAURANT = 'id = "grill"\nname = "Grill"\ntimezone = "UTC"\nadapter = "{adapter}"\n{more}\n'
MAIN = """
[ingress]
listen = "127.0.0.1:0"
[console]
listen = "127.0.0.1:0"
[[endpoints]]
id = "endpoint-0123456789abcdef"
username = "bbot"
password = {{ file = "password" }}
restaurants = ["grill"]
{broker}
"""
BROKER = """
[broker]
hosts = ["{host}"]
username = "u"
password = {{ file = "password" }}
"""
NOBODY = "127.0.0.1:1"


@pytest.fixture
def install(tmp_path):
    """A configuration on disk: the path of its main file."""

    def install(*, host="", adapter="board", more=""):
        (tmp_path / "restaurants").mkdir()
        text = RESTAURANT.format(adapter=adapter, more=more)
        (tmp_path / "restaurants" / "grill.toml").write_text(text)
        (tmp_path / "password").write_text("a password that nobody guesses")
        (tmp_path / "password").chmod(0o600)
        main = tmp_path / "main.toml"
        main.write_text(MAIN.format(broker=BROKER.format(host=host) if host else ""))
        return main

    return install


@pytest.fixture
def environment(tmp_path):
    setting = "POS_BRIDGE__"
    return os.environ | {
        f"{setting}LEDGER__DIRECTORY": str(tmp_path / "ledger"),
        f"{setting}CONSOLE__SOCKET": str(tmp_path / "console.sock"),
    }


@contextmanager
def running(main, environment, *options):
    """The daemon, once it says that it is ready."""
    command = [COMMAND, "run", "--config", main, *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            for line in process.stderr:
                if '"ready"' in line:
                    break
            yield process
        finally:
            process.kill()


# Ways to end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0(install, environment, number):
    with running(install(), environment) as process:
        process.send_signal(number)

        assert process.wait(PATIENCE) == 0


def test_a_hang_up_does_not_end_a_service(install, environment):
    with running(install(), environment) as process:
        process.send_signal(signal.SIGHUP)
        process.terminate()

        assert process.wait(PATIENCE) == 0


def test_a_hang_up_ends_a_demo(tmp_path):
    demo = Demo(tmp_path / "demo").start()
    try:
        demo.process.send_signal(signal.SIGHUP)

        assert demo._wait() == 0
    finally:
        demo.end()


def test_without_its_broker_it_ends_as_well(install, environment):
    with running(install(host=NOBODY), environment) as process:
        process.terminate()

        assert process.wait(PATIENCE) == 0


def test_with_a_broker_that_never_answers_it_ends_as_well(install, environment):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        with running(install(host=host), environment) as process:
            connection, _address = silent.accept()
            process.terminate()

            assert process.wait(PATIENCE) == 0
            connection.close()


def test_a_pos_that_blocks_everything_does_not_keep_a_demo(tmp_path):
    demo = Demo(tmp_path / "demo", "--adapter=fake", "--set=block_loop=60").start()
    try:
        assert demo.stop() == 0
        assert "Traceback" not in demo.log()
    finally:
        demo.end()


def test_a_second_signal_ends_it_while_a_pos_blocks_everything(install, environment):
    more = '[settings]\nurl = "http://127.0.0.1:1"\nblock_loop = 60'
    with running(install(adapter="fake", more=more), environment) as process:
        process.terminate()
        for line in process.stderr:
            if '"stopping"' in line:
                break
        process.terminate()

        assert process.wait(PATIENCE) == 0


def test_a_demo_leaves_no_directory_behind(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    command = [COMMAND, "demo", "--json", "--port=0", "--console-port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        said = json.loads(process.stdout.readline())
        assert said["socket"].startswith(str(tmp_path))
        process.terminate()
        assert process.wait(PATIENCE) == 0

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["run", "demo"])
def test_a_signal_during_the_start_is_no_error(install, environment, command):
    options = {"run": ["--config", install()], "demo": ["--port=0", "--console-port=0"]}
    process = subprocess.Popen(
        [COMMAND, command, *options[command]],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    # As soon as the program is its own: before that, the signal is the interpreter's.
    wait_for(lambda: _catches_sigterm(process.pid))
    process.terminate()
    _out, said = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0
    assert "Traceback" not in said


def _catches_sigterm(pid):
    with open(f"/proc/{pid}/status") as status:  # noqa: PTH123  it is no file on a disk
        (caught,) = [line.split()[1] for line in status if line.startswith("SigCgt")]
    return int(caught, 16) & 1 << (signal.SIGTERM - 1)


# Ways not to start


def refused(main, environment):
    ended = run("run", "--config", main, env=environment)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    (said,) = [line for line in ended.stderr.splitlines() if line.startswith("cannot start: ")]
    return said


@pytest.mark.parametrize("section", ["INGRESS", "CONSOLE"])
def test_a_port_in_use_is_2(install, environment, section):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        name = f"POS_BRIDGE__{section}__LISTEN"
        said = refused(install(), environment | {name: f"127.0.0.1:{port}"})

    assert str(port) in said


def test_half_a_bridge_without_a_broker_is_2(install, environment):
    ended = run("run", "--config", install(), "--role=worker", env=environment)

    assert ended.returncode == 2
    assert "no section [broker], which --role worker needs" in ended.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_ordinary_user_is_told_where_the_socket_may_be(install, environment):
    del environment["POS_BRIDGE__CONSOLE__SOCKET"]

    assert "POS_BRIDGE__CONSOLE__SOCKET" in refused(install(), environment)


def test_wrong_settings_of_an_adapter_are_2(install, environment):
    ended = run("run", "--config", install(adapter="file"), env=environment)

    assert ended.returncode == 2
    assert "settings.directory" in ended.stderr


# Roles


def test_an_ingress_asks_for_no_adapter_and_no_secret_of_a_pos(install, environment):
    more = '[settings]\npassword = { file = "not-on-this-machine" }'
    main = install(host=NOBODY, adapter="not-installed-here", more=more)
    with running(main, environment, "--role=ingress") as process:
        process.terminate()

        assert process.wait(PATIENCE) == 0


def test_a_worker_asks_for_no_endpoint_and_no_password_of_the_platform(install, environment):
    main = install(host=NOBODY)
    theirs = 'username = "bbot"\npassword = { file = "password" }'
    assert theirs in main.read_text()
    main.write_text(main.read_text().replace(theirs, theirs.replace('"password"', '"elsewhere"')))
    with running(main, environment, "--role=worker") as process:
        process.terminate()

        assert process.wait(PATIENCE) == 0


def test_a_worker_asks_for_them(install, environment):
    ended = run(
        "run",
        "--config",
        install(host=NOBODY, adapter="not-installed-here"),
        "--role=worker",
        env=environment,
    )

    assert ended.returncode == 2
    assert "not-installed-here" in ended.stderr


def test_a_directory_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    ended = run("demo", "--port=0", "--console-port=0", "--dir", tmp_path / "file" / "demo")

    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("option", ["--port", "--console-port"])
def test_a_port_that_is_none_is_told(tmp_path, option):
    ended = run("demo", f"{option}=70000", "--dir", tmp_path / "demo")

    assert ended.returncode == 2
    assert "70000" in ended.stderr
