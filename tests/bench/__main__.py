"""python -m tests.bench: how much the bridge costs, beside what it is built on."""

import os
import signal
import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
import orjson

from tests.bench import contenders, hotspots, machine, measuring, report
from tests.bench.figures import summarize_accepting, summarize_ticketing
from tests.broker import ADVICE, OPENERS, rung


@click.command()
@click.option("--seconds", default=2.0, show_default=True, help="Of each measurement.")
@click.option("--rounds", default=3, show_default=True, help="Of all contenders.")
@click.option("--rate", default=50.0, show_default=True, help="Orders a second to time tickets.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Keep all figures there.")
@click.option(
    "--profile",
    type=click.Choice(hotspots.PARTS),
    is_flag=False,
    flag_value=hotspots.PARTS[0],
    help="Profile that process under load instead, by py-spy if there is one, else cProfile.",
)
def bench(seconds, rounds, rate, file, profile):
    """Orders accepted a second, and times from webhook to ticket, in both shapes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if profile:
        with _broker(needed=profile != hotspots.PARTS[0]) as (url, _):
            click.echo(hotspots.profile(profile, url, seconds, _tell))
        return
    with _broker() as (url, skipped):
        plan = measuring.Plan(seconds=seconds, rounds=rounds, rate=rate, broker=url)
        result = _run(plan) | {"skipped": skipped}
    click.echo(report.as_text(result))
    if file:
        file.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))


@contextmanager
def _broker(*, needed=True):
    """Address of a RabbitMQ and what is skipped without one; see `tests.broker`."""
    chosen = rung(dict(os.environ)) if needed else "none"
    if chosen == "none":
        titles = " and ".join(contenders.TITLES[name] for name in contenders.NEEDS_BROKER)
        yield "", [f"{titles}: {ADVICE.removeprefix('no RabbitMQ for this test: ')}"]
        return
    with OPENERS[chosen]() as broker:
        yield broker.url, []


def _run(plan):
    facts = machine.describe(plan.broker)
    accepting, ticketing = measuring.measure(plan, _tell)
    return {
        "machine": facts,
        "plan": {"seconds": plan.seconds, "rounds": plan.rounds, "rate": plan.rate},
        "body_size": accepting[0].body_size,
        "accepting": summarize_accepting(accepting, report.REFERENCES),
        "ticketing": summarize_ticketing(ticketing),
        "figures": {
            "accepting": [asdict(one) for one in accepting],
            "ticketing": [asdict(one) for one in ticketing],
        },
    }


def _tell(sentence):
    click.echo(sentence, err=True)


bench()
