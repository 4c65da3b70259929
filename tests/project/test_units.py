"""The service files, judged by systemd's own offline checks, exactly as they are shipped."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bridge.config import Console, Ledger, read
from bridge.config.layers import names

FOLDER = Path(__file__).parents[2] / "systemd"
NAMES = ("pos-bridge", "pos-bridge-ingress", "pos-bridge-worker")
SYSTEM_UNITS = Path("/usr/lib/systemd/system")
# Tenths of systemd's exposure level: 15 means at most 1.5 of 10.
THRESHOLD = "--threshold=15"
OWN_TO_EACH = {
    "Description",
    "ExecStart",
    "Environment",
    "StateDirectory",
    "RuntimeDirectory",
}

each_unit = pytest.mark.parametrize("name", NAMES)


def read_unit(name):
    """Section and key, each with its values in order."""
    settings, section = {}, ""
    for line in (FOLDER / f"{name}.service").read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            settings.setdefault((section, key), []).append(value)
    return settings


def value_of(name, key, section="Service"):
    (value,) = read_unit(name)[section, key]
    return value


@pytest.fixture(scope="module")
def analyze():
    if shutil.which("systemd-analyze") is None:
        message = "systemd-analyze is missing: install the package systemd to check the units"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)

    def run(*arguments):
        return subprocess.run(
            ["systemd-analyze", "--no-pager", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def machine(tmp_path):
    """The root directory of a machine on which the bridge is installed."""
    shutil.copytree(SYSTEM_UNITS, tmp_path / "usr/lib/systemd/system", symlinks=True)
    shutil.copytree(FOLDER, tmp_path / "etc/systemd/system")
    command = tmp_path / "opt/pos-bridge/bin/pos-bridge"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    return tmp_path


def verify(analyze, machine, name):
    return analyze(
        "verify", f"--root={machine}", "--man=no", "--recursive-errors=yes", f"{name}.service"
    )


def replace_line(machine, name, line, other):
    unit = machine / f"etc/systemd/system/{name}.service"
    text = unit.read_text()
    assert f"\n{line}\n" in text
    unit.write_text(text.replace(f"\n{line}\n", f"\n{other}\n"))
    return unit


@each_unit
def test_systemd_understands_every_line(analyze, machine, name):
    verdict = verify(analyze, machine, name)

    assert (verdict.returncode, verdict.stdout, verdict.stderr) == (0, "", "")


def test_a_misspelt_key_would_be_found(analyze, machine):
    replace_line(machine, "pos-bridge", "WatchdogSec=20", "WatchdogSecs=20")

    verdict = verify(analyze, machine, "pos-bridge")

    assert verdict.returncode == 1
    assert "WatchdogSecs" in verdict.stderr


def test_a_command_that_is_not_installed_would_be_found(analyze, machine):
    (machine / "opt/pos-bridge/bin/pos-bridge").unlink()

    assert verify(analyze, machine, "pos-bridge").returncode == 1


@each_unit
def test_the_exposure_is_at_most_one_and_a_half(analyze, name):
    verdict = analyze("security", "--offline=true", THRESHOLD, str(FOLDER / f"{name}.service"))

    assert verdict.returncode == 0, verdict.stdout


def test_a_weaker_sandbox_would_be_found(analyze, machine):
    unit = replace_line(machine, "pos-bridge", "CapabilityBoundingSet=", "")
    unit = replace_line(machine, "pos-bridge", "SystemCallFilter=@system-service", "")

    assert analyze("security", "--offline=true", THRESHOLD, str(unit)).returncode == 1


@each_unit
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Type", "notify"),
        ("WatchdogSec", "20"),
        ("Restart", "always"),
        ("RestartSec", "1"),
        ("KillSignal", "SIGTERM"),
        ("TimeoutStopSec", "45"),
        ("DynamicUser", "yes"),
        ("UMask", "0077"),
        ("LimitCORE", "0"),
    ],
)
def test_what_reliability_rests_on_is_set(name, key, value):
    assert value_of(name, key) == value


@each_unit
def test_systemd_never_gives_up_on_the_service(name):
    assert value_of(name, "StartLimitIntervalSec", "Unit") == "0"


@pytest.mark.parametrize("name", NAMES[1:])
def test_the_halves_are_set_up_like_the_whole(name):
    whole, half = (
        {key: value for key, value in read_unit(each).items() if key[1] not in OWN_TO_EACH}
        for each in (NAMES[0], name)
    )

    assert half == whole


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("pos-bridge", ""),
        ("pos-bridge-ingress", " --role ingress"),
        ("pos-bridge-worker", " --role worker"),
    ],
)
def test_each_unit_runs_its_part_of_the_same_program(name, role):
    command = "/opt/pos-bridge/bin/pos-bridge run --config /etc/pos-bridge/pos-bridge.toml"

    assert value_of(name, "ExecStart") == command + role


@each_unit
@pytest.mark.parametrize("key", ["StateDirectory", "RuntimeDirectory"])
def test_no_two_processes_share_a_ledger_or_a_socket(name, key):
    assert value_of(name, key) == name


@each_unit
def test_every_secret_comes_from_the_credentials_folder_under_its_own_name(name):
    lines = read_unit(name)["Service", "LoadCredential"]
    secrets = [line.partition(":")[0] for line in lines]

    assert lines == [f"{secret}:/etc/pos-bridge/credentials/{secret}" for secret in secrets]


@each_unit
def test_a_secret_that_is_not_used_needs_no_file(name):
    unit = read_unit(name)
    secrets = [line.partition(":")[0] for line in unit["Service", "LoadCredential"]]

    # systemd refuses a default without any text, hence the line end.
    assert unit["Service", "SetCredential"] == [rf"{secret}:\n" for secret in secrets]


@pytest.mark.parametrize("name", NAMES[1:])
def test_each_half_has_its_own_ledger_and_socket_whatever_the_configuration_says(
    name, monkeypatch, tmp_path
):
    for line in read_unit(name)["Service", "Environment"]:
        monkeypatch.setenv(*line.split("=", 1))
    (tmp_path / "restaurants").mkdir()
    written = tmp_path / "pos-bridge.toml"
    written.write_text('[ledger]\ndirectory = "/srv/a"\n[console]\nsocket = "/srv/b.sock"\n')

    config = read(written)

    assert config.ledger.directory == Path("/var/lib") / name
    assert config.console.socket == Path("/run") / name / "console.sock"


def test_one_box_uses_the_places_that_the_configuration_has_by_default():
    ledger, console = Ledger(), Console()

    assert ledger.directory == Path("/var/lib") / value_of("pos-bridge", "StateDirectory")
    assert console.socket.parent == Path("/run") / value_of("pos-bridge", "RuntimeDirectory")


@each_unit
def test_every_setting_given_in_the_environment_exists(name):
    given = [line.partition("=")[0] for line in read_unit(name)["Service", "Environment"]]

    assert {each for each in given if each.startswith("POS_BRIDGE")} <= set(names())
