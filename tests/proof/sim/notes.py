"""The history of one simulated world: as the journals keep it, but in memory."""

from pathlib import Path
from typing import Any

from tests.proof.history import FIELDS, History, Journal, Record
from tests.proof.sim.loop import clock

_WITNESS = {what: witness for witness, kinds in FIELDS.items() for what in kinds}


class Notes:
    """`append` as a journal's; raises for what no record looks like."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._faults = 0

    def append(self, what: str, *, t: float | None = None, **fields: Any) -> Record:
        """The record, as it is kept."""
        witness = _WITNESS[what]
        missing = FIELDS[witness][what] - fields.keys()
        if missing:
            raise ValueError(f"a record of {what} lacks {', '.join(sorted(missing))}")
        at = clock.at if t is None else t
        record = {"witness": witness, "t": at, "what": what, **fields}
        self._records.append(record)
        return record

    def fault(self, what: str, on: str, seconds: float = 0.0, **detail: Any) -> Record:
        """Something that is done now, and lasts so long."""
        self._faults += 1
        until = clock.at + seconds
        return self.append(what, id=f"f{self._faults}", on=on, until=until, **detail)

    def history(self) -> History:
        return History(tuple(sorted(self._records, key=lambda record: record["t"])))


def keep(history: History, directory: Path) -> None:
    """As files, for whoever wants to look."""
    directory.mkdir(parents=True, exist_ok=True)
    journals: dict[str, Journal] = {}
    for record in history.records:
        fields = dict(record)
        witness = fields.pop("witness")
        journal = journals.setdefault(witness, Journal(directory, witness))
        journal.append(fields.pop("what"), **fields)
    for journal in journals.values():
        journal.close()
