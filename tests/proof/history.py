"""What everybody saw, in four files of JSON lines: written while it happens, read together later.

bbot    the platform: each call that it sent, each answer that it heard, and what was due in the end
pos     the kitchen: each paper that came out
faults  what was done to the bridge and to all that it needs
people  what a person could see: where an order stands at last, and the alerts on the way

`t` is seconds of the machine's monotonic clock, the same for all processes; in a simulation it is
the simulated one. Nothing of the bridge's own word is in `bbot`, `pos` and `faults`.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

Record = dict[str, Any]

# What a record says beside `t` and `what`. A field that is not here is not to be relied on.
FIELDS: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "bbot": {
        # at_stake: nothing in the world but the bridge could make a "no" of it.
        "sent": frozenset(
            {"call", "copy", "site", "hook", "restaurant", "order", "checkout", "at_stake"}
        ),
        # heard: all | part | none | refused, of the answer's bytes.
        "answered": frozenset({"call", "copy", "status", "code", "ms", "heard"}),
        # As `bridge.testing.tabs.Due`. on_commit: whether its restaurant waits for a sign.
        "due": frozenset(
            {
                "site",
                "restaurant",
                "order",
                "wanted",
                "signed",
                "cancelled",
                "unclear",
                "must",
                "may",
            }
            | {"on_commit"}
        ),
    },
    "pos": {
        # reply: given | withheld. dishes: how often each, None where nobody can look.
        "printed": frozenset(
            {"site", "restaurant", "key", "order", "kind", "version", "marked", "dishes", "reply"}
        ),
    },
    "faults": {
        # `on` is what it was done to: SITE, SITE.ingress, SITE.worker, SITE.broker,
        # SITE.wire.ingress or .worker to the broker, SITE.pos.RESTAURANT. A disk is that of a
        # process. It lasts from `t` until `until`, with what must recover from it.
        kind: frozenset({"id", "on", "until"})
        for kind in ("kill9", "shot", "stop", "proxy", "broker", "disk", "pos")
    },
    "people": {
        # at: ingress | worker. An alert may be about no order, then `order` is "".
        "standing": frozenset({"site", "restaurant", "order", "at", "state", "cause"}),
        "alert": frozenset({"site", "restaurant", "order", "event"}),
    },
}


class Journal:
    """One witness's file. A line is written at once and whole, so that it outlives a SIGKILL."""

    def __init__(
        self, directory: Path, witness: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fields = FIELDS[witness]
        self._clock = clock
        self._file = os.open(
            directory / f"{witness}.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600
        )

    def append(self, what: str, *, t: float | None = None, **fields: Any) -> None:
        """Raises KeyError or ValueError for what no record looks like."""
        missing = self._fields[what] - fields.keys()
        if missing:
            raise ValueError(f"a record of {what} lacks {', '.join(sorted(missing))}")
        at = self._clock() if t is None else t
        os.write(self._file, orjson.dumps({"t": at, "what": what, **fields}) + b"\n")

    def close(self) -> None:
        os.close(self._file)


@dataclass(frozen=True, slots=True)
class History:
    """All records in the order of their times; each says its `witness`."""

    records: tuple[Record, ...]

    def of(self, witness: str, what: str = "") -> Iterator[Record]:
        """One witness's records, of one kind if it is named."""
        for record in self.records:
            if record["witness"] == witness and what in {"", record["what"]}:
                yield record

    @property
    def span(self) -> tuple[float, float]:
        """When it began and when it ended."""
        return (self.records[0]["t"], self.records[-1]["t"]) if self.records else (0.0, 0.0)


def read_history(directory: Path) -> History:
    """Merge the four files; one that is not there said nothing.

    Raises ValueError with the place of a line that cannot be read. The last line of a file may be
    cut short: who wrote it was killed while it did.
    """
    found = [record for witness in FIELDS for record in _read(directory, witness)]
    return History(tuple(sorted(found, key=lambda record: record["t"])))


def _read(directory: Path, witness: str) -> Iterator[Record]:
    path = directory / f"{witness}.jsonl"
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    whole, rest = lines[:-1], lines[-1:]
    for number, line in enumerate([*whole, *filter(_is_whole, rest)], 1):
        try:
            yield {"witness": witness, **orjson.loads(line)}
        except orjson.JSONDecodeError as error:
            raise ValueError(f"{path}, line {number}: {error}") from error


def _is_whole(line: bytes) -> bool:
    return line.endswith(b"}")
