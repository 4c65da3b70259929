"""The rounds: every contender in each of them, one after the other, so that all share a mood."""

import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime

import orjson

from tests.bench import contenders
from tests.bench.figures import Accepting, Ticketing, spread
from tests.bench.installation import RESTAURANT
from tests.bench.processes import ROOT, Died, cpu_seconds, environment

CONCURRENCY = (1, 32)
# Of the measured time, before it.
WARM_UP = 0.25
# How long a kitchen may take to catch up with what was accepted.
CATCH_UP = 20.0
# Beyond the time of the load itself: start of its process, late answers.
LOAD_LIMIT = 60.0


@dataclass(frozen=True)
class Plan:
    """How long, how often, how fast; `broker` an AMQP address, empty without one."""

    seconds: float
    rounds: int
    rate: float
    broker: str = ""

    @property
    def names(self):
        return [
            name for name in contenders.TITLES if self.broker or name not in contenders.NEEDS_BROKER
        ]


def measure(plan, tell):
    """All rounds: (accepting, ticketing), each a list of figures of one round."""
    accepting, ticketing = [], []
    for number in range(1, plan.rounds + 1):
        for name in plan.names:
            tell(f"round {number} of {plan.rounds}: {contenders.TITLES[name]}")
            with contenders.running(name, plan.broker) as contender:
                accepting += [
                    _accept(plan, number, name, contender, concurrency=guests)
                    for guests in CONCURRENCY
                ]
            if name in contenders.BRIDGES:
                with contenders.running(name, plan.broker) as contender:
                    ticketing.append(_ticket(plan, number, name, contender))
    return accepting, ticketing


def _accept(plan, number, name, contender, *, concurrency):
    if contender.count and concurrency != CONCURRENCY[0]:
        _wait_caught_up(contender)
    before, cooked = cpu_seconds(contender.pids), contender.count and contender.count()
    warm = plan.seconds * WARM_UP
    result = post(contender, concurrency=concurrency, seconds=plan.seconds, warm=warm)
    after, done = cpu_seconds(contender.pids), contender.count and contender.count()
    times = spread(result["times"])
    spent = None if before is None or after is None else after - before
    return Accepting(
        round=number,
        contender=name,
        concurrency=concurrency,
        rate=len(result["times"]) / result["seconds"],
        p50_ms=times.p50_ms,
        p99_ms=times.p99_ms,
        cpu_us=None if spent is None else spent / result["answers"] * 1e6,
        tickets=None if cooked is None else (done - cooked) / (result["seconds"] + warm),
        others=result["others"],
        body_size=result["body_size"],
    )


def _ticket(plan, number, name, contender):
    post(contender, concurrency=1, seconds=0.2, warm=0.1)
    _wait_caught_up(contender)
    result = post(contender, rate=plan.rate, seconds=plan.seconds)
    posted = result["posted"]
    tickets = _wait_tickets(contender, posted)
    return Ticketing(
        round=number,
        contender=name,
        orders=len(posted),
        answer=spread(result["times"]),
        shown=spread([_shown(ticket) - posted[ticket["order_id"]] for ticket in tickets]),
        brought=spread([_shown(ticket) - _time(ticket["accepted_at"]) for ticket in tickets]),
        others=result["others"],
    )


def post(contender, **job):
    """Let guests post from a process of their own, and say what they saw."""
    where = {
        "host": contender.host,
        "port": contender.port,
        "path": contender.path,
        "headers": contender.headers,
        "restaurant": RESTAURANT,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"],
        input=orjson.dumps(where | job),
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=environment(),
        timeout=job["seconds"] + LOAD_LIMIT,
        check=True,
        start_new_session=True,
    )
    result = orjson.loads(done.stdout)
    if not result["times"]:
        raise Died(f"no order was accepted in {job['seconds']} s; answers: {result['others']}")
    return result


def _wait_tickets(contender, posted):
    """The tickets of those orders; raises Died if one of them does not come."""
    until = time.monotonic() + CATCH_UP
    while time.monotonic() < until:
        found = [ticket for ticket in contender.tickets() if ticket["order_id"] in posted]
        if len(found) == len(posted):
            return found
        time.sleep(0.1)
    raise Died(f"{len(posted) - len(found)} of {len(posted)} tickets did not come")


def _wait_caught_up(contender):
    """Until the number of tickets stands still, so that the next load meets a quiet kitchen."""
    until, before = time.monotonic() + CATCH_UP, -1.0
    while time.monotonic() < until:
        now = contender.count()
        if now == before:
            return
        before = now
        time.sleep(0.3)


def _shown(ticket):
    return _time(ticket["updated_at"])


def _time(text):
    return datetime.fromisoformat(text).timestamp()
