from collections.abc import Mapping

import orjson
import pytest
from click.testing import CliRunner

from bridge.cli.simulate import simulate
from bridge.testing import simulator
from bridge.testing.simulator import Summary


def summary(statuses: Mapping[int, int], **more):
    fields = {
        "seconds": 1.0,
        "answers": sum(statuses.values()),
        "statuses": {"order-injection": statuses},
        "errors": {},
        "latency": {},
        "accepted": (),
        "refused": (),
        "unanswered": (),
        "disagreed": (),
    }
    return Summary(**fields | more)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the command with that outcome of the evening."""
    password = tmp_path / "password"
    password.write_text("secret\n")

    def do(outcome, *more):
        async def play(simulation):
            return outcome

        monkeypatch.setattr(simulator, "simulate", play)
        options = ["--endpoint=main", "--username=bbot", "--restaurant=north"]
        options.append(f"--password-file={password}")
        return CliRunner().invoke(simulate, ["http://127.0.0.1:1", *options, *more])

    return do


@pytest.mark.parametrize("statuses", [{200: 3}, {200: 1, 409: 1, 422: 1, 503: 1}, {503: 3}])
def test_yes_and_no_are_both_a_success(run, statuses):
    ended = run(summary(statuses))
    assert ended.exit_code == 0
    assert "neither a yes nor a no" not in ended.stderr


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 415, 500, 502, 504])
def test_an_answer_that_is_neither_fails_and_is_named(run, status):
    ended = run(summary({200: 5, status: 2}))
    assert ended.exit_code == 1
    assert f"2 x {status}" in ended.stderr


@pytest.mark.parametrize(
    "more",
    [
        {"errors": {"order-injection": {"TimeoutError": 1}}},
        {"unanswered": ("a",)},
        {"disagreed": ("a",)},
    ],
)
def test_a_call_that_failed_or_disagreed_fails(run, more):
    assert run(summary({200: 1}, **more)).exit_code == 1


def test_the_json_stays_json_when_it_fails(run):
    ended = run(summary({404: 3}), "--json")
    assert ended.exit_code == 1
    assert orjson.loads(ended.stdout)["statuses"] == {"order-injection": {"404": 3}}


def test_the_help_says_that_a_no_does_not_fail():
    said = " ".join(CliRunner().invoke(simulate, ["--help"]).stdout.split())
    assert "409, 422 or 503: the restaurant said no" in said
