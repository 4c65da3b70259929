"""What came of a simulation: for programs as JSON, for people as a table and what is below it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import orjson

from bridge.model import as_decimal_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """In milliseconds, nearest rank."""

    p50: float
    p90: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexpected:
    """A kind of answer that should not have come; `examples` are correlation ids of a few."""

    hook: str
    what: str
    calls: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What came of it.

    `statuses`, `codes`, `latency` and `errors` are by hook; `answers` counts all answers.
    `accepted` holds the ids of the orders whose injection got a 2XX, `cancelled` those of them that
    were never paid, `refused` those with another answer, `unanswered` those with none, `disagreed`
    those whose repeated injection was not answered as the first. `turned_away` counts checkouts
    that were not allowed to begin, `lost` the calls that were never sent, on purpose. Both are
    wrong unless `may_refuse`.
    """

    seconds: float
    answers: int
    statuses: Mapping[str, Mapping[int, int]]
    errors: Mapping[str, Mapping[str, int]]
    latency: Mapping[str, Latency]
    accepted: tuple[str, ...]
    refused: tuple[str, ...]
    unanswered: tuple[str, ...]
    disagreed: tuple[str, ...]
    codes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    cancelled: tuple[str, ...] = ()
    unexpected: tuple[Unexpected, ...] = ()
    guests: int = 0
    turned_away: int = 0
    may_refuse: bool = False
    lost: int = 0
    seed: int = 0
    audit: Mapping[str, Any] | None = None

    @property
    def is_good(self) -> bool:
        """True if every call was answered as it should be, and every order is as it should be."""
        is_refused = self.is_refusing and not self.may_refuse
        is_wrong = self.errors or self.unanswered or self.disagreed or self.unexpected
        return not (is_refused or is_wrong or (self.audit and self.audit["problems"]))

    @property
    def is_refusing(self) -> bool:
        """True if somebody could not have what he wanted."""
        return bool(self.refused or self.turned_away)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        plain: dict[str, Any] = orjson.loads(orjson.dumps(self, option=orjson.OPT_NON_STR_KEYS))
        return plain

    def as_text(self) -> str:
        """A table for people, and below it what they must look at."""
        rate = self.answers / self.seconds if self.seconds else 0.0
        head = (
            f"{self.guests} guests, {self.answers} answers in {self.seconds:.1f} s "
            f"({rate:.0f} a second), seed {self.seed}"
        )
        orders = (
            f"orders: {len(self.accepted)} accepted ({len(self.cancelled)} of them cancelled), "
            f"{len(self.refused)} refused, {len(self.unanswered)} without an answer"
        )
        away = f"checkouts that were not allowed to begin: {self.turned_away}"
        rows = [head, "", *self._table(), "", orders, *([away] if self.turned_away else [])]
        return "\n".join([*rows, *self._wrong(), *self._checked()])

    def _table(self) -> list[str]:
        lines = [f"{'':<20}{'calls':>8}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}  answers"]
        for hook, times in self.latency.items():
            calls = sum(self.statuses[hook].values())
            told = ", ".join(
                f"{count} x {code}" if count < calls else code
                for code, count in self.codes.get(hook, {}).items()
            )
            lines.append(
                f"{hook:<20}{calls:>8}{times.p50:>9.1f}{times.p99:>9.1f}{times.max:>9.1f}  {told}"
            )
        return lines

    def _wrong(self) -> list[str]:
        rows = [
            f"no answer: {hook}: {count} x {error}"
            for hook, errors in self.errors.items()
            for error, count in errors.items()
        ]
        if self.is_refusing and not self.may_refuse:
            rows.append("somebody was refused: allow it if the restaurant may")
        if self.disagreed:
            rows.append(f"repeats answered unlike the first: {len(self.disagreed)}")
        rows += [
            f"unexpected: {each.hook}: {each.calls} x {each.what}{_examples(each.examples)}"
            for each in self.unexpected
        ]
        return rows or ["unexpected answers: none"]

    def _checked(self) -> list[str]:
        audit = self.audit
        if audit is None:
            return []
        tickets = ", ".join(f"{count} {kind}" for kind, count in audit["tickets"].items())
        told = (
            f"tickets of {audit['orders']} orders: {tickets or 'none'}; "
            f"{audit['operator_tasks']} tasks for people; "
            f"refunds of {as_decimal_text(audit['refunded_cents'])}"
        )
        if audit["booked_refunds"]:
            cents = as_decimal_text(audit["booked_cents"])
            told += f" ({cents} in {audit['booked_refunds']} refunds booked in the POS)"
        unclear = f"not compared, because nobody knows what was heard: {audit['unclear']} orders"
        rows = [told, *([unclear] if audit["unclear"] else [])]
        wrong = [
            f"WRONG: {each['orders']} x {each['what']}{_examples(each['examples'])}"
            for each in audit["problems"]
        ]
        return [*rows, *(wrong or ["every order is in its end state, with each ticket once"])]


def latency_of(times: list[float]) -> Latency:
    """Percentiles of at least one time."""
    ranked = sorted(times)
    p50, p90, p99 = (ranked[ceil(len(ranked) * share) - 1] for share in (0.5, 0.9, 0.99))
    return Latency(p50=p50, p90=p90, p99=p99, max=ranked[-1])


def _examples(found: Sequence[str]) -> str:
    return f" (such as {', '.join(found)})" if found else ""
