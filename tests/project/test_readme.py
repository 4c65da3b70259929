"""The README says nothing that is not so."""

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import click
import pytest

from bridge.cli import main
from bridge.config import check
from bridge.config.settings import Ingress
from bridge.sources.bbot import Hook
from tests.proof.__main__ import prove
from tests.proof.bugs.catalogue import BUGS
from tests.proof.checker import COUNTERS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
GUIDE = (ROOT / "systemd/README.md").read_text("utf-8")
CONTEXT = click.Context(main, info_name="pos-bridge")
OURS = re.compile(r"(^|/bin/)pos-bridge$")
PYTHON = re.compile(r"^(.*/)?python3? -m ")


def section(title, text=README):
    return re.split(r"^## ", text.partition(f"\n## {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[
        0
    ]


def fenced(kind, text=README):
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def shell_lines(text=README):
    """One for each command; those that go on in the next line are joined."""
    joined = "".join(fenced("sh", text)).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip()]


def steps(text):
    """The titles of the numbered steps, without what one of them adds."""
    return re.findall(r"^\*\*(\d\. [^*.]+)", section_of_steps(text), re.MULTILINE)


def section_of_steps(text):
    return section("Install as a service", text) or section("Install", text)


def our_commands():
    """Name and arguments of every `pos-bridge ...` in a block."""
    for line in shell_lines():
        for command in line.split("&&"):
            words = shlex.split(command, comments=True)
            starts = [at for at, word in enumerate(words) if OURS.search(word)]
            if starts and "systemctl" not in words:
                yield tuple(words[starts[0] + 1 :])


def parse(words):
    """Raises click.UsageError for a command, an option or a value that does not exist."""
    name, *arguments = words
    command = main.get_command(CONTEXT, name)
    if command is None:
        raise click.UsageError(f"no command {name}")
    context = click.Context(command, info_name=name, parent=CONTEXT)
    given, _, _ = command.make_parser(context).parse_args(list(arguments))
    for option in command.params:
        # Whether a file exists is a matter of the reader's machine.
        if option.name in given and not isinstance(option.type, click.Path):
            option.type_cast_value(context, given[option.name])


def test_the_two_commands_are_one_line_each():
    first, second, *_ = fenced("sh", section("Two commands"))

    assert first.count("\n") == second.count("\n") == 1
    assert first.startswith("python3 -m venv ")
    assert first.endswith("pos-bridge demo\n")
    assert second == "bash tests/run\n"


def test_the_first_command_installs_what_is_pinned_and_nothing_else():
    first = fenced("sh", section("Two commands"))[0]

    assert first.split(" && ")[1:3] == [
        ".venv/bin/pip install -q --require-hashes -r requirements.txt",
        ".venv/bin/pip install -q --no-deps .",
    ]


def test_the_checks_run_the_second_command():
    assert "exec bash tests/run\n" in (ROOT / ".ci/run").read_text()


@pytest.mark.parametrize("block", fenced("sh"), ids=lambda block: block.strip()[:40])
def test_every_shell_block_is_well_formed(block):
    verdict = subprocess.run(
        ["bash", "-n"], input=block, text=True, capture_output=True, check=False
    )

    assert (verdict.returncode, verdict.stderr) == (0, "")


@pytest.mark.parametrize("words", sorted(set(our_commands())), ids=" ".join)
def test_every_command_is_real_with_real_options(words):
    parse(words)


def test_every_command_is_called_where_it_was_put():
    lines = [line for line in shell_lines() if re.search(r"(^|&& |sudo )pos-bridge ", line)]

    assert lines == []


def test_every_kind_of_command_is_found():
    kinds = {"demo", "check", "simulate", "orders", "show", "replay", "adapters"}

    assert kinds == {words[0] for words in our_commands()}


@pytest.mark.parametrize(
    "line", ["demos", "demo --order 5", "demo --rate fast", "demo --when-down perhaps"]
)
def test_a_command_that_does_not_exist_would_be_found(line):
    with pytest.raises(click.UsageError):
        parse(line.split())


@pytest.mark.parametrize(
    "module", [PYTHON.sub("", line) for line in shell_lines() if PYTHON.match(line)]
)
def test_every_module_to_be_run_exists(module):
    name = module.split()[0]

    assert name == "venv" or (ROOT / name.replace(".", "/") / "__main__.py").exists()


def test_the_table_of_the_proof_has_what_must_be_nothing():
    rows = re.findall(r"^\| ([\w -]+) \| (\S+) \| (\S+) \|$", section("The proof"), re.MULTILINE)

    assert rows[-len(COUNTERS) :] == [(name, "0", "0") for name in COUNTERS]


def test_the_table_of_the_proof_has_all_planted_bugs():
    assert f"| planted bugs caught | {len(BUGS)} of {len(BUGS)} |" in section("The proof")


@pytest.mark.parametrize("line", fenced("sh", section("The proof"))[0].splitlines())
def test_the_proof_has_the_options_that_it_shows(line):
    words = shlex.split(line, comments=True)[3:]

    prove.make_parser(click.Context(prove)).parse_args(words)


def test_the_second_command_ends_with_the_short_form_of_the_proof():
    last = (ROOT / "tests/run").read_text("utf-8").splitlines()[-1]

    assert last.endswith(".venv/bin/python -m tests.proof --short")


def test_the_table_of_commands_is_the_help():
    rows = re.findall(r"^\| `pos-bridge ([\w-]+)` \| (.+) \|$", README, re.MULTILINE)

    assert rows == [
        (name, command.get_short_help_str(limit=200)) for name, command in main.commands.items()
    ]


def test_installing_takes_at_most_six_steps():
    assert [step[0] for step in steps(README)] == list("123456")


def test_the_steps_are_those_of_the_operators_guide():
    assert steps(README) == steps(GUIDE)


def test_the_lines_of_the_steps_are_those_of_the_operators_guide():
    ours = fenced("sh", section("Install as a service"))

    assert ours == fenced("sh", section("Install", GUIDE))[: len(ours)]
    assert len(ours) == 4


def test_the_configuration_it_shows_is_complete(tmp_path, monkeypatch):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    for secret in ("bbot-password", "console-token"):
        (tmp_path / secret).write_text("scratch-secret\n")
        (tmp_path / secret).chmod(0o600)
    (tmp_path / "restaurants").mkdir()
    for block in fenced("toml", section("Configure")):
        place = block.partition("\n")[0].removeprefix("# /etc/pos-bridge/")
        (tmp_path / place).write_text(block)

    found = check(tmp_path / "pos-bridge.toml", adapter_names=["board"])

    assert [str(problem) for problem in found] == []


def test_the_configuration_it_shows_is_short():
    blocks = fenced("toml", section("Configure"))

    assert len(blocks) == 2
    assert sum(block.count("\n") for block in blocks) <= 15


def test_the_addresses_for_bbot_are_served():
    in_guide = re.findall(r"orders\.example\.net/bbot/ENDPOINT/([a-z-]+)", GUIDE)
    here = re.findall(
        r"^\| [\w ]+ \| `([a-z-]+)` \|$", section("Install as a service"), re.MULTILINE
    )

    assert here == list(dict.fromkeys(in_guide))
    assert set(here) == set(Hook) - {Hook.INTEGRATION_CHANGED}


def test_the_limits_are_those_of_the_program():
    (kilobytes,) = re.findall(r"at most (\d+) kB", README)
    (seconds,) = re.findall(r"answered within ([\d.]+) s", README)

    assert int(kilobytes) * 1024 == Ingress().max_body
    assert float(seconds) == Ingress().order_budget


def anchors(path):
    headings = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)]+)\)", README))))
def test_every_link_leads_somewhere(link):
    place, _, anchor = link.partition("#")
    target = ROOT / place

    assert target.exists()
    assert not anchor or anchor in anchors(target)


def test_every_part_of_the_bridge_has_its_place_in_the_tree():
    packages = {
        f"bridge/{path.parent.name}/" for path in (ROOT / "bridge").glob("*/__init__.py")
    } - {"bridge/config/"}
    named = set(re.findall(r"\]\((bridge/\w+/)", section("Where things live")))

    assert packages == named


def test_it_can_be_read_in_five_minutes():
    # Nobody reads through all bad calls: one looks up what one got.
    text = README.replace(section("What a bad call gets"), "")
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)

    assert len(re.findall(r"[^\W\d_]+", prose)) < 5 * 300


def test_the_version_of_python_is_the_one_that_is_needed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    # Debian 12 has Python 3.11.
    assert project["requires-python"] == ">=3.11"
    assert "Debian 12" in README
