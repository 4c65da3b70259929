"""What a part of the proof is given, and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.proof.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`directory` is the part's own: its histories stay there if something was wrong."""

    plan: Plan
    seed: int
    directory: Path
    tell: Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Result:
    """`figures` go into the report under the part's name; a part with something `wrong` fails.

    `skipped` says in a sentence what could not be shown on this machine, and why.
    """

    figures: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
