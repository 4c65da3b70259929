"""What was answered, how fast, and what should not have been: counted while it happens."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from bridge.testing.audit import Audit
from bridge.testing.codes import Code
from bridge.testing.noise import BROKEN, Call
from bridge.testing.replies import LATE, OF_A_BUSY_MACHINE, code_of, faults
from bridge.testing.steps import LABELS, Reply
from bridge.testing.summary import Summary, Unexpected, latency_of
from bridge.testing.tabs import Due

_ORDER: Final = (*LABELS, BROKEN)
_TYPED_AT: Final = "pricecheck"


@dataclass(slots=True)
class Tally:
    """Takes in what happens while it happens.

    `is_busy`: the machine has no time for more than it must; `may_refuse`: the restaurant may say
    no; `promo`: the codes that guests type.
    """

    EXAMPLES = 3

    is_busy: bool = False
    may_refuse: bool = False
    promo: tuple[Code, ...] = ()
    guests: int = 0
    lost: int = 0
    turned_away: int = 0
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    codes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    errors: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    examples: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    accepted: dict[str, None] = field(default_factory=dict)
    refused: dict[str, None] = field(default_factory=dict)
    unanswered: dict[str, None] = field(default_factory=dict)
    disagreed: dict[str, None] = field(default_factory=dict)
    dues: list[Due] = field(default_factory=list)
    typed: Counter[str] = field(default_factory=Counter)
    worked: Counter[str] = field(default_factory=Counter)
    used: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def note_error(self, call: Call, error: Exception) -> None:
        """No answer came to that call."""
        self.errors[call.label][type(error).__name__] += 1

    def note(self, call: Call, reply: Reply, milliseconds: float) -> None:
        """One answer, and whether it was a right one."""
        self.times[call.label].append(milliseconds)
        self.statuses[call.label][reply.status] += 1
        code = f"{reply.status} {code_of(call.step, reply)}".strip()
        self.codes[call.label][code] += 1
        for fault in self._faults(call, reply):
            self._blame(call.label, fault, str(reply.document.get("correlation_id", "")))
        if call.step.code and not call.is_broken:
            self.typed[call.step.code] += 1
            self.worked[call.step.code] += bool(reply.document.get("discounts"))

    def note_order(self, order_id: str, replies: Sequence[Reply]) -> None:
        """What the injection of an order got, each time that it was sent at once."""
        answered = [reply for reply in replies if reply.status]
        if not answered:
            self.unanswered[order_id] = None
        elif any(reply.is_yes for reply in answered):
            self.accepted[order_id] = None
        else:
            self.refused[order_id] = None
        if len({(reply.status, reply.body) for reply in answered if reply.is_yes}) > 1 or (
            0 < sum(reply.is_yes for reply in answered) < len(answered)
        ):
            self.disagreed[order_id] = None

    def note_codes(self, guest_id: str, used: Sequence[tuple[str, str]]) -> None:
        """The codes that somebody has paid with, by restaurant."""
        for restaurant, word in used:
            self.used[restaurant, word, guest_id] += 1

    def summary(self, seconds: float, seed: int, audit: Audit | None) -> Summary:
        self._judge_codes()
        return Summary(
            seconds=seconds,
            answers=sum(counter.total() for counter in self.statuses.values()),
            statuses={hook: dict(sorted(found.items())) for hook, found in self.statuses.items()},
            codes={hook: dict(found.most_common()) for hook, found in self.codes.items()},
            errors={hook: dict(found) for hook, found in self.errors.items()},
            latency={hook: latency_of(self.times[hook]) for hook in _ORDER if hook in self.times},
            accepted=tuple(self.accepted),
            cancelled=tuple(due.order_id for due in self.dues if due.is_cancelled),
            refused=tuple(self.refused),
            unanswered=tuple(self.unanswered),
            disagreed=tuple(self.disagreed),
            unexpected=tuple(
                Unexpected(hook=hook, what=what, calls=calls, examples=self._named(hook, what))
                for (hook, what), calls in self.wrong.items()
            ),
            guests=self.guests,
            turned_away=self.turned_away,
            may_refuse=self.may_refuse,
            lost=self.lost,
            seed=seed,
            audit=audit.as_dict() if audit else None,
        )

    def _named(self, hook: str, what: str) -> tuple[str, ...]:
        return tuple(filter(None, self.examples[hook, what]))

    def _judge_codes(self) -> None:
        """What only all calls together tell."""
        for code in self.promo:
            if self.typed[code.word] and not self.worked[code.word]:
                self._blame(_TYPED_AT, f"the code {code.word} never takes anything off")
            twice = [key for key, times in self.used.items() if key[1] == code.word and times > 1]
            for _key in twice if code.is_once else ():
                self._blame(
                    _TYPED_AT, f"the code {code.word} is for once, and a guest had it again"
                )

    def _blame(self, label: str, fault: str, example: str = "") -> None:
        kind = label, fault
        self.wrong[kind] += 1
        if len(self.examples[kind]) < self.EXAMPLES:
            self.examples[kind].append(example)

    def _faults(self, call: Call, reply: Reply) -> list[str]:
        late = [LATE] if reply.seconds > call.step.budget else []
        found = late + (_of_wreck(call, reply) if call.is_broken else faults(call.step, reply))
        return [each for each in found if not (self.is_busy and each in OF_A_BUSY_MACHINE)]


def _of_wreck(call: Call, reply: Reply) -> list[str]:
    if reply.status != call.dressed.refusal:
        return [f"status {reply.status} for a body that nobody can read"]
    is_used = reply.is_yes and reply.document.get("result") != "archived"
    return ["a body that nobody can read has an effect"] if is_used else []
