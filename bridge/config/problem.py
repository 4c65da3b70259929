"""What is wrong with a configuration, as one line that says what to write instead."""

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

# Shorter words occur by chance in every sentence.
_SHORTEST = 4


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to correct; no part of it ever holds a secret's value.

    `key` is dotted and counts array entries from 0; for a syntax error it is line and column,
    for a value from the environment it is the variable's name.
    """

    file: str
    key: str
    found: str
    allowed: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        """`error: FILE: KEY: found X; allowed: Y; HINT`."""
        place = ": ".join(part for part in (self.severity.value, self.file, self.key) if part)
        allowed = f"allowed: {self.allowed}" if self.allowed else ""
        says = "; ".join(part for part in (f"found {self.found}", allowed, self.hint) if part)
        return " ".join(f"{place}: {says}".split())

    def without(self, words: Iterable[str]) -> "Problem":
        """The same with every one of these words masked."""
        found, hint = self.found, self.hint
        for word in (word for word in words if len(word) >= _SHORTEST):
            found, hint = found.replace(word, "***"), hint.replace(word, "***")
        return replace(self, found=found, hint=hint)


class ConfigErrors(Exception):
    """The configuration cannot be used; `problems` has every error, and the warnings."""

    def __init__(self, problems: Collection[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def suggestion(name: str, names: Iterable[str], *, likeness: float = 0.6) -> str:
    """`did you mean "listen"?`, or nothing when no known name is near; `likeness` 1 is the same."""
    by_folded = {known.casefold(): known for known in names}
    near = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=likeness)
    return f'did you mean "{by_folded[near[0]]}"?' if near else ""
