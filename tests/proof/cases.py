"""A history sorted by order: what was told and heard of each, what was printed, what people saw."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from tests.proof.history import History, Record

PLACING: Final = "order-injection"
CHANGING: Final = "order-change"
# The code of an answer that the platform did not wait for.
HUNG_UP: Final = "hung_up"
SIGNS: Final = frozenset({CHANGING, "checkout-finished"})
# Money can only be given back to somebody who has paid.
_PROOFS: Final = SIGNS | {"items-refunded"}


@dataclass(slots=True)
class Call:
    """One copy of a call, and what was heard; `answer` None if nobody ever heard anything."""

    sent: Record
    answer: Record | None = None

    @property
    def t(self) -> float:
        return float(self.sent["t"])

    @property
    def hook(self) -> str:
        return str(self.sent["hook"])

    @property
    def ended(self) -> float:
        return float(self.answer["t"]) if self.answer else self.t

    @property
    def is_unheard(self) -> bool:
        """Nobody listened: the bridge knows nothing of it."""
        return bool(self.answer and self.answer["heard"] == "refused")

    @property
    def is_left(self) -> bool:
        """The platform itself did not wait for the answer."""
        return bool(self.answer and self.answer["code"] == HUNG_UP)

    @property
    def is_yes(self) -> bool:
        """A 2XX that was heard whole."""
        answer = self.answer
        return bool(answer and answer["heard"] == "all" and 200 <= answer["status"] < 300)

    @property
    def is_half_heard(self) -> bool:
        """It may have been a yes; nobody knows."""
        return self.answer is None or self.answer["heard"] in {"part", "none"}


@dataclass(slots=True)
class Case:
    """One order at one site."""

    site: str
    restaurant: str
    order: str
    checkout: str = ""
    calls: list[Call] = field(default_factory=list)
    papers: list[Record] = field(default_factory=list)
    standings: list[Record] = field(default_factory=list)
    alerts: list[Record] = field(default_factory=list)
    due: Record | None = None

    @property
    def begun(self) -> float:
        return min((call.t for call in self.calls), default=0.0)

    @property
    def own(self) -> list[Call]:
        """Those that name it: what is told of a whole checkout is about each of its orders."""
        return [call for call in self.calls if call.sent["order"] == self.order]

    @property
    def tickets(self) -> list[Record]:
        """Unmarked papers that tell the kitchen to make the order."""
        return [one for one in self.papers if one["kind"] == "place" and not one["marked"]]

    @property
    def is_promised(self) -> bool:
        """The bridge said yes to the order: to it, or to the news that it is paid."""
        return any(call.is_yes and call.hook in {PLACING, CHANGING} for call in self.calls)

    @property
    def is_paid(self) -> bool:
        """A sign was sent and may have been heard, whatever was answered."""
        return any(call.hook in _PROOFS and not call.is_unheard for call in self.calls)

    def tell(self, sentence: str) -> "Finding":
        return Finding(case=self, sentence=sentence)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be, about one order."""

    case: Case
    sentence: str


def sort_cases(history: History) -> list[Case]:
    """One for each order that anybody spoke of, in the order of their beginning."""
    cases: dict[tuple[str, str, str], Case] = {}

    def case_of(record: Record) -> Case:
        key = record["site"], record["restaurant"], record["order"]
        return cases.setdefault(key, Case(*key))

    calls = _pair(history)
    for call in calls:
        if call.sent["order"]:
            case = case_of(call.sent)
            case.calls.append(call)
            case.checkout = case.checkout or call.sent["checkout"]
    for record in history.records:
        _take(record, case_of)
    _share(cases.values(), [call for call in calls if not call.sent["order"]])
    return sorted(cases.values(), key=lambda case: case.begun)


def sort_checkouts(history: History) -> list[Case]:
    """What was told of whole checkouts, also where no order came of it; their order is ""."""
    checkouts: dict[tuple[str, str, str], Case] = {}
    for call in _pair(history):
        sent = call.sent
        if not sent["order"]:
            key = sent["site"], sent["restaurant"], sent["checkout"]
            case = checkouts.setdefault(key, Case(key[0], key[1], "", checkout=key[2]))
            case.calls.append(call)
    return list(checkouts.values())


def _pair(history: History) -> list[Call]:
    calls = {}
    for record in history.of("bbot"):
        if record["what"] == "sent":
            calls[record["call"], record["copy"]] = Call(record)
        elif record["what"] == "answered":
            calls[record["call"], record["copy"]].answer = record
    return list(calls.values())


def _take(record: Record, case_of: Callable[[Record], Case]) -> None:
    match record["what"]:
        case "due":
            case_of(record).due = record
        case "printed":
            case_of(record).papers.append(record)
        case "standing":
            case_of(record).standings.append(record)
        case "alert" if record["order"]:
            case_of(record).alerts.append(record)


def _share(cases: Iterable[Case], calls: Iterable[Call]) -> None:
    """Calls that name a checkout only are about each of its orders."""
    checkouts = defaultdict(list)
    for case in cases:
        checkouts[case.site, case.restaurant, case.checkout].append(case)
    for call in calls:
        sent = call.sent
        for case in checkouts.get((sent["site"], sent["restaurant"], sent["checkout"]), ()):
            case.calls.append(call)
