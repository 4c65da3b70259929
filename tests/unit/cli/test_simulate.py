import orjson
import pytest
from click.testing import CliRunner

from bridge.cli.demo_site import CODES, EFFECTS
from bridge.cli.simulate import simulate
from bridge.testing import simulator
from bridge.testing.summary import Summary, Unexpected
from bridge.testing.witness import WitnessError

FINE = {
    "seconds": 1.0,
    "answers": 3,
    "statuses": {"order-injection": {200: 3}},
    "errors": {},
    "latency": {},
    "accepted": (),
    "refused": (),
    "unanswered": (),
    "disagreed": (),
}


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text("secret\n")
    return path


@pytest.fixture
def run(secret, monkeypatch):
    """Runs the command with that outcome of the evening; `run.wish` is what it asked for."""

    def do(*more, outcome=None, error=None):
        async def play(simulation):
            do.wish = simulation
            if error:
                raise error
            return outcome or Summary(**FINE)

        monkeypatch.setattr(simulator, "simulate", play)
        options = ["--endpoint=main", "--username=bbot", "--restaurant=north"]
        options.append(f"--password-file={secret}")
        return CliRunner().invoke(simulate, ["http://127.0.0.1:1", *options, *more])

    return do


def test_a_good_evening_succeeds(run):
    ended = run()
    assert ended.exit_code == 0
    assert "unexpected answers: none" in ended.stdout


def test_anything_wrong_fails_and_is_named(run):
    wrong = Unexpected(hook="order-injection", what="status 500", calls=2)
    ended = run(outcome=Summary(**FINE | {"unexpected": (wrong,)}))
    assert ended.exit_code == 1
    assert "2 x status 500" in ended.stdout


def test_the_json_stays_json_when_it_fails(run):
    ended = run("--json", outcome=Summary(**FINE | {"unanswered": ("a",)}))
    assert ended.exit_code == 1
    assert orjson.loads(ended.stdout)["statuses"] == {"order-injection": {"200": 3}}


def test_by_default_a_hundred_guests_use_all_hooks_with_a_few_quirks(run):
    run()
    assert run.wish.orders == 100
    assert run.wish.hooks == "all"
    assert 0 < run.wish.quirks < 0.1
    assert run.wish.password == "secret"
    assert run.wish.witness is None


def test_for_some_seconds_as_many_come_as_the_rate_says(run):
    run("--seconds=5", "--rate=20")
    assert (run.wish.seconds, run.wish.rate) == (5, 20)
    assert run.wish.orders > 100


def test_orders_and_seconds_are_both_an_end(run):
    run("--seconds=5", "--orders=7")
    assert (run.wish.seconds, run.wish.orders) == (5, 7)


def test_with_a_console_all_is_compared(run, secret):
    run("--console=http://c", f"--token-file={secret}", "--pos-control=http://p/control")
    witness = run.wish.witness
    assert (witness.console, witness.token, witness.pos) == (
        "http://c",
        "secret",
        ("http://p/control",),
    )


def test_there_may_be_a_pos_for_each_restaurant(run):
    run("--console=http://c", "--pos-control=a=http://p", "--pos-control=b=http://q")
    assert run.wish.witness.pos == ("a=http://p", "b=http://q")


def test_codes_are_given_with_what_they_are_worth(run):
    run("--code=TEN", "--code=HAPPY=12.5%", "--code=WELCOME=300/guest")
    assert [(code.word, code.is_known, code.is_once) for code in run.wish.codes] == [
        ("TEN", False, False),
        ("HAPPY", True, False),
        ("WELCOME", True, True),
    ]


def test_what_the_demo_says_of_its_codes_can_be_given_on(run):
    run(*(f"--code={effect}" for effect in EFFECTS))
    assert [code.word for code in run.wish.codes] == list(CODES)
    assert all(code.is_known for code in run.wish.codes)


def test_a_code_that_cannot_be_read_is_told_with_the_ways_to_write_it(run):
    ended = run("--code=TEN=1.50")
    assert ended.exit_code == 2
    assert "write CODE, CODE=300" in ended.stderr


def test_nobody_may_be_refused_and_nothing_may_be_late_unless_it_is_said(run):
    run()
    assert not run.wish.may_refuse
    assert not run.wish.is_busy
    assert run.wish.is_open
    run("--may-refuse", "--busy", "--basic-everywhere")
    assert run.wish.may_refuse
    assert run.wish.is_busy
    assert not run.wish.is_open


@pytest.mark.parametrize(("options", "status"), [((), 1), (("--may-refuse",), 0)])
def test_whoever_is_refused_fails_it_unless_the_restaurant_may(run, options, status):
    may_refuse = bool(options)
    outcome = Summary(**FINE | {"refused": ("a",), "may_refuse": may_refuse})
    ended = run(*options, outcome=outcome)
    assert ended.exit_code == status
    assert ("somebody was refused" in ended.stdout) is not may_refuse


@pytest.mark.parametrize("option", ["--pos-control=http://p", "--token-file={secret}"])
def test_what_belongs_to_a_console_needs_one(run, secret, option):
    ended = run(option.format(secret=secret))
    assert ended.exit_code == 2
    assert "--console" in ended.stderr


def test_a_console_that_does_not_answer_is_2_in_one_sentence(run):
    ended = run("--console=http://c", error=WitnessError("the console at http://c does not answer"))
    assert ended.exit_code == 2
    assert ended.stderr == "the console at http://c does not answer\n"


def test_the_help_says_what_a_no_does():
    said = " ".join(CliRunner().invoke(simulate, ["--help"]).stdout.split())
    assert "or if somebody was refused (see --may-refuse)" in said
