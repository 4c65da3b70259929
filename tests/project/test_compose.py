"""The container set-up, read line by line: nobody here needs a YAML library or an engine."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bridge.config import read
from bridge.config.layers import names

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text()
UNIT = (ROOT / "systemd/pos-bridge.service").read_text()
SERVICES = ("bridge", "rabbitmq")


def block(*path):
    """The lines below a key, without their indentation."""
    lines = TEXT.splitlines()
    for key in path:
        start = lines.index(f"{key}:") + 1
        inner = []
        for line in lines[start:]:
            if line.strip() and not line.startswith(" "):
                break
            inner.append(line.removeprefix("  "))
        lines = inner
    return lines


def scalar(key, *path):
    (value,) = (
        line.removeprefix(f"{key}: ") for line in block(*path) if line.startswith(f"{key}: ")
    )
    return value


def found(pattern, text=TEXT):
    return re.findall(pattern, text, re.MULTILINE)


def test_every_image_has_a_version_of_its_own():
    images = found(r"^ *(?:image:|FROM) (\S+)$")

    assert len(images) == 3
    assert all(re.search(r":\d+\.\d+", image) for image in images)


def test_the_broker_is_a_version_that_the_bridge_is_safe_with():
    assert scalar("image", "services", "rabbitmq").startswith("rabbitmq:4.2.")


def test_nothing_is_reachable_from_other_machines():
    published = found(r'^ +- "([^"]*:\d+)"$')

    assert len(published) == 4
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_container_runs_the_command_of_the_service():
    command = json.loads(scalar("command", "services", "bridge"))

    (start,) = found(r"^ExecStart=/opt/pos-bridge/bin/(.*)$", UNIT)
    assert command == start.split()


def test_the_container_has_the_time_of_the_service_to_stop():
    (seconds,) = found(r"^TimeoutStopSec=(\d+)$", UNIT)

    assert scalar("stop_grace_period", "services", "bridge") == f"{seconds}s"


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_watched_and_started_again(service):
    assert "healthcheck:" in block("services", service)
    assert scalar("restart", "services", service) == "always"


def test_every_setting_given_in_the_environment_exists():
    given = set(found(r"^ +(POS_BRIDGE__\w+):"))

    assert given
    assert given <= set(names())


def test_the_configuration_that_is_mounted_is_good(monkeypatch, tmp_path):
    (source,) = found(r"^ +- \./(\S+):/etc/pos-bridge/pos-bridge\.toml:ro$")
    for secret in ("bbot-password", "console-token", "broker-password"):
        (tmp_path / secret).write_text("secret\n")
    for line in block("services", "bridge", "environment"):
        name, separator, value = line.partition(": ")
        if separator and name.startswith("POS_BRIDGE__"):
            monkeypatch.setenv(name, value.strip('"'))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    (edit,) = found(r"^#   (sed -i .*)$")
    shutil.copytree(ROOT / "config", tmp_path / "config")
    subprocess.run(["bash", "-c", edit], cwd=tmp_path, check=True)

    config = read(tmp_path / source)

    assert config.console.token
    assert config.broker
    assert config.broker.hosts == ("rabbitmq:5672",)
    assert config.console.listen == "0.0.0.0:8081"


def test_what_is_mounted_is_there():
    sources = found(r"^ +- \./(\S+):/etc")

    assert len(sources) == 2
    assert [name for name in sources if not (ROOT / name).exists()] == []


def test_the_secrets_are_those_of_the_service_and_come_from_outside():
    secrets = [line.removesuffix(":") for line in block("secrets") if re.match(r"\S", line)]

    assert secrets == found(r"^LoadCredential=([^:]+):", UNIT)
    assert len(found(r"^    environment: [A-Z_]+$")) == len(secrets)


def test_no_password_is_written_down():
    passwords = found(r"_(?:PASS|PASSWORD|TOKEN): (.*)$")

    assert passwords == ["${BROKER_PASSWORD:?put it into the file .env}"]


def test_the_libraries_are_the_checked_ones():
    assert found(r"pip install .*--require-hashes -r requirements\.txt$")


def test_what_the_image_is_built_from_is_there():
    sources = [name for line in found(r"^ *COPY (.*) \S+$") for name in line.split()]

    assert sources
    assert [name for name in sources if not (ROOT / name).exists()] == []


def test_the_volumes_that_are_used_are_declared():
    used = found(r"^ +- ([a-z]+):/")

    assert sorted(used) == sorted(line.removesuffix(":") for line in block("volumes") if line)


def test_docker_compose_understands_it():
    docker = shutil.which("docker")
    version = [docker, "compose", "version"]
    if not docker or subprocess.run(version, check=False, capture_output=True).returncode:
        pytest.skip("docker compose is not installed: the file was read, but not by Docker")

    passwords = {"BBOT_PASSWORD": "a", "CONSOLE_TOKEN": "b", "BROKER_PASSWORD": "c"}
    verdict = subprocess.run(
        [docker, "compose", "--file", ROOT / "compose.yaml", "config", "--quiet"],
        env={"PATH": "/usr/bin:/bin", **passwords},
        capture_output=True,
        text=True,
        check=False,
    )

    assert verdict.returncode == 0, verdict.stderr
