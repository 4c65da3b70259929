"""Where the time goes: one process of the bridge under load, watched by a profiler.

py-spy sees every thread from outside, and here only the one that holds the interpreter lock, which
is what they compete for. cProfile sees the main thread only, which is the ingress with its HTTP,
its gate and its half of the broker; it makes it slower, and a call that lets go of the lock (a
socket, random bytes) shows the time until it got the lock back.
"""

import io
import pstats
import shutil
import subprocess
import tempfile
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from tests.bench import contenders
from tests.bench.installation import Installation
from tests.bench.measuring import CONCURRENCY, post

PARTS = ("one-box", "ingress", "worker")
ROLES = {"one-box": "all", "ingress": "ingress", "worker": "worker"}
TOP = 40
# Samples a second: enough for a few seconds, and no burden.
SAMPLES = 200


class NoProfile(click.ClickException):
    """It could not be watched; the text says why."""


def profile(part, broker, seconds, tell):
    """The top functions of that part while guests post, as text."""
    if part != "one-box" and not broker:
        raise NoProfile("ingress and worker apart need a RabbitMQ")
    spy = shutil.which("py-spy")
    if spy is None and part == "worker":
        raise NoProfile("the worker has a thread of its own, which cProfile cannot see: get py-spy")
    tell(f"{part} under {'py-spy' if spy else 'cProfile'} for {seconds:g} s")
    with tempfile.TemporaryDirectory(prefix="pos-bridge-bench-") as directory:
        out = Path(directory) / "profile"
        under = () if spy else ("cProfile", "-o", str(out), "-m")
        with _running(part, Installation(Path(directory) / "bridge", broker), under) as found:
            contender, pid = found
            with _watched(spy, pid, out, seconds):
                post(contender, concurrency=CONCURRENCY[-1], seconds=seconds, warm=0.0)
        return _read_samples(out) if spy else _read_calls(out)


@contextmanager
def _running(part, installation, under):
    """The whole installation; the wanted process under the profiler."""
    parts = {}
    with ExitStack() as stack:
        for name in ("one-box",) if part == "one-box" else ("worker", "ingress"):
            parts[name] = stack.enter_context(
                installation.running(ROLES[name], under if name == part else ())
            )
        first = parts.get("one-box")
        contender = contenders.contend(
            installation,
            ingress=first or parts["ingress"],
            worker=first or parts["worker"],
        )
        yield contender, parts[part].pid


@contextmanager
def _watched(spy, pid, out, seconds):
    if spy is None:
        yield
        return
    command = [spy, "record", "--pid", str(pid), "--duration", str(max(1, round(seconds)))]
    command += ["--rate", str(SAMPLES), "--gil", "--threads", "--function"]
    command += ["--format", "raw", "--output", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        yield
        said, _ = process.communicate(timeout=seconds + 30)
    if process.returncode:
        raise NoProfile(f"py-spy could not watch the bridge: {said.decode().strip()}")


def _read_samples(out):
    """Stacks with their counts, as own and whole time of each function, by thread."""
    own, whole = {}, {}
    for line in out.read_text("utf-8").splitlines():
        stack, _, count = line.rpartition(" ")
        thread, *frames = stack.split(";")
        if frames and frames[0].startswith("process "):
            thread, *frames = frames
        own.setdefault(thread, Counter())[frames[-1]] += int(count)
        whole.setdefault(thread, Counter()).update(dict.fromkeys(set(frames), int(count)))
    total = sum(counter.total() for counter in own.values())
    parts = [
        f"{thread}: {own[thread].total() / total:.0%} of all samples\n"
        + _table("own time", own[thread], total)
        + _table("with all it calls, the project's own", _ours(whole[thread]), total)
        for thread in sorted(own, key=lambda name: -own[name].total())
    ]
    return "\n".join(parts)


def _ours(counter):
    """What runs above the work itself, like the event loop, holds no news."""
    folders = ("(bridge/", "(adapters/")
    return Counter({name: n for name, n in counter.items() if any(one in name for one in folders)})


def _table(title, counter, total):
    rows = [f"{count / total:>8.1%}  {name}" for name, count in counter.most_common(TOP)]
    return "\n".join([f"  {title}", *rows, ""])


def _read_calls(out):
    text = io.StringIO()
    stats = pstats.Stats(str(out), stream=text)
    stats.sort_stats("tottime").print_stats(TOP)
    stats.sort_stats("cumulative").print_stats(TOP)
    return text.getvalue()
