"""How often callers without a right are told of in the log."""

from collections import OrderedDict
from dataclasses import dataclass

# One line for each address and reason in this many seconds.
TOLD_EVERY = 10.0
# Addresses and reasons that are remembered; the one that was told of longest ago is forgotten.
REMEMBERED = 1024


@dataclass(slots=True)
class _Count:
    told_at: float
    untold: int = 0


class Turnaways:
    """Counts the calls that were turned away since the last line about their caller."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()

    def count(self, peer: str, code: str, now: float) -> int:
        """How many calls to tell of now, this one included; 0: none yet."""
        key = (peer, code)
        count = self._counts.setdefault(key, _Count(told_at=float("-inf")))
        count.untold += 1
        if now - count.told_at < TOLD_EVERY:
            return 0
        number, count.told_at, count.untold = count.untold, now, 0
        self._counts.move_to_end(key)
        if len(self._counts) > REMEMBERED:
            self._counts.popitem(last=False)
        return number
