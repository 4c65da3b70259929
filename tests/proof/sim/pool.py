"""Processes of the simulation, side by side: each plays one evening after the other."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Final, Self

import orjson

NUMBER: Final = 2
PATIENCE: Final = 10.0
Task = dict[str, Any]


class Pool:
    """Close it, or use it as a context."""

    def __init__(self, number: int = NUMBER) -> None:
        self._players = [_start() for _ in range(number)]
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        for player in self._players:
            self._idle.put(player)
        self._threads = ThreadPoolExecutor(number)
        self._number = number

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for player in self._players:
            _end(player)

    def play(self, tasks: Iterable[Task]) -> Iterator[Task]:
        """What became of each, in their order. Tasks are taken as players become free."""
        answers = (self._threads.submit(self._ask, task) for task in tasks)
        waiting = list(islice(answers, 2 * self._number))
        while waiting:
            yield waiting.pop(0).result()
            waiting += islice(answers, 1)

    def _ask(self, task: Task) -> Task:
        player = self._idle.get()
        try:
            player.stdin.write(orjson.dumps(task) + b"\n")
            player.stdin.flush()
            line = player.stdout.readline()
        finally:
            self._idle.put(player)
        if not line:
            raise RuntimeError(f"a process of the simulation ended at {task}")
        return orjson.loads(line)


def _end(player: "subprocess.Popen[bytes]") -> None:
    """After the evening that it plays, so that it leaves nothing behind."""
    try:
        player.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        player.kill()
        player.communicate()


def _start() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.proof.sim"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
