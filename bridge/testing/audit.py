"""Does each order have what it should, exactly once? Pure: what is due and what was found."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from bridge.testing.tabs import Due

Document = dict[str, Any]

ENDS: Final = frozenset({"done", "refused", "held", "voided", "archived", "blocked"})
_KINDS: Final = {"place": "place", "change": "change", "cancel": "void", "refund": "refund"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One physical ticket, or what the POS booked as a refund; it names its dishes all the same.

    `dishes` None: nobody can look at it. `facts`: what else it says, by name. `cents`: what the
    POS itself gave back; `amount_cents`: what a refund says. `restaurant`: whose adapter made it;
    `pos`: the restaurant in whose POS it is, "" if that is everybody's.
    """

    kind: str
    version: int
    key: str
    is_marked: bool = False
    dishes: Mapping[str, int] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    cents: int | None = None
    amount_cents: int | None = None
    restaurant: str = ""
    pos: str = ""


@dataclass(slots=True)
class Audit:
    """The sum over all orders; `problems` by sentence, with the ids of a few orders each.

    `refunded_cents` is what came off: counted in the POS where it booked that itself
    (`booked_refunds`, `booked_cents`), else as the bridge says.
    """

    SHOWN = 5

    orders: int = 0
    unclear: int = 0
    tasks: int = 0
    refunded_cents: int = 0
    booked_refunds: int = 0
    booked_cents: int = 0
    papers: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def add(self, due: Due, document: Document | None, papers: Sequence[Paper]) -> None:
        """Compare one order."""
        self.orders += 1
        self.unclear += due.is_unclear
        deliveries = document["deliveries"] if document else []
        self.states[document["state"] if document else "unknown"] += 1
        self.tasks += sum(map(is_task, deliveries))
        self.refunded_cents += _refunded(deliveries, papers)
        booked = _booked(papers)
        self.booked_refunds += len(booked)
        self.booked_cents += sum(booked)
        self.papers.update(paper.kind for paper in papers)
        for problem in compare(due, document, papers):
            self.blame(problem, due.order_id)
        place = (document or {}).get("restaurant")
        # Under what name the bridge knows it is a matter of its configuration, but it is one.
        if place and self.places.setdefault(due.restaurant, place) != place:
            self.blame("orders of one restaurant are those of two", due.order_id)

    def blame(self, problem: str, order_id: str = "") -> None:
        """Note what is wrong, and about which order."""
        self.problems[problem] += 1
        shown = self.examples.setdefault(problem, [])
        if order_id and len(shown) < self.SHOWN:
            shown.append(order_id)

    def as_dict(self) -> Document:
        """JSON-ready."""
        return {
            "orders": self.orders,
            "unclear": self.unclear,
            "states": dict(self.states),
            "tickets": dict(self.papers),
            "operator_tasks": self.tasks,
            "refunded_cents": self.refunded_cents,
            "booked_refunds": self.booked_refunds,
            "booked_cents": self.booked_cents,
            "problems": [
                {"what": what, "orders": count, "examples": self.examples[what]}
                for what, count in self.problems.most_common()
            ],
        }


def is_settled(due: Due, document: Document | None) -> bool:
    """True once nothing more happens to the order, unless it is for later or paid after all."""
    if document is None:
        return not due.is_known
    ends = ENDS | {"waiting"} if due.may_wait else ENDS
    states = [each["state"] for each in document["deliveries"]]
    return {document["state"], *states} <= ends


def is_task(delivery: Document) -> bool:
    """What the POS cannot be told, and a person was asked to put right."""
    is_question = delivery["state"] == "held" and not delivery["attempts"]
    return is_question and delivery["operation"] != "place"


def papers_of(document: Document | None) -> list[Paper]:
    """The tickets as far as the bridge itself tells."""
    deliveries = document["deliveries"] if document else []
    done = [each for each in deliveries if each["state"] == "done"]
    papers, has_ticket = [], False
    for each in done:
        is_place = each["operation"] == "place"
        papers.append(
            Paper(
                kind=_KINDS[each["operation"]],
                version=each["version"],
                key=each["key"],
                is_marked=is_place and has_ticket,
            )
        )
        has_ticket = has_ticket or is_place
    return papers


def compare(due: Due, document: Document | None, papers: Sequence[Paper]) -> Iterator[str]:
    """What is wrong, in sentences without any value."""
    tickets = [each for each in papers if each.kind == "place" and not each.is_marked]
    if len(tickets) > 1:
        yield "more than one ticket that is not marked"
    yield from _compare_keys(document, papers)
    yield from _compare_amounts(document, papers)
    yield from _compare_places(due, document, papers)
    yield from _compare_steps(papers)
    if due.is_unclear:
        return
    if document is None:
        if due.is_known:
            yield "the bridge said yes, and does not know the order"
        return
    yield from _compare_end(due, document)
    yield from _compare_counts(due, papers)
    yield from _compare_content(due, document, papers)
    yield from _compare_money(due, document, papers)


def _compare_keys(document: Document | None, papers: Sequence[Paper]) -> Iterator[str]:
    """What the bridge says that it did, and what the POS has, each exactly once."""
    keys = Counter(paper.key for paper in papers)
    twice = [paper for paper in papers if keys[paper.key] > 1]
    if any(paper.cents is None for paper in twice):
        yield "the POS has a ticket twice"
    if _booked(twice):
        yield "the POS has booked a refund twice"
    done = {each["key"] for each in (document or {}).get("deliveries", []) if _is_done(each)}
    if done - keys.keys():
        yield "done says the bridge, but the POS does not have it"
    if document is not None and keys.keys() - done:
        yield "the POS has a ticket that the bridge does not call done"


def _compare_amounts(document: Document | None, papers: Sequence[Paper]) -> Iterator[str]:
    """To the cent, each by its key; also where nobody knows what was heard."""
    said = {each["key"]: each["amount_cents"] for each in (document or {}).get("deliveries", [])}
    booked = {paper.key: paper.cents for paper in papers if paper.cents is not None}
    if any(booked[key] != said[key] for key in booked.keys() & said.keys()):
        yield "the POS has booked another amount than the bridge says"
    told = {paper.key: paper.amount_cents for paper in papers if paper.amount_cents is not None}
    if any(told[key] != said[key] for key in told.keys() & said.keys()):
        yield "a refund names another amount than the bridge says"


def _compare_places(due: Due, document: Document | None, papers: Sequence[Paper]) -> Iterator[str]:
    if any(paper.pos not in {"", due.restaurant} for paper in papers):
        yield "a ticket is in another restaurant's POS"
    place = (document or {}).get("restaurant", "")
    if any(place and paper.restaurant and paper.restaurant != place for paper in papers):
        yield "a ticket was made for another restaurant"


def _compare_steps(papers: Sequence[Paper]) -> Iterator[str]:
    """Each change says something new, whatever was folded into it."""
    for before, after in pairwise(papers):
        is_same = (before.dishes, before.facts) == (after.dishes, after.facts)
        if after.kind == "change" and after.dishes is not None and is_same:
            yield "a change ticket that changes nothing"


def _compare_end(due: Due, document: Document) -> Iterator[str]:
    if not is_settled(due, document):
        yield f"not in an end state, but {document['state']}"
    for each in document["deliveries"]:
        is_open_question = each["operation"] == "place" and not due.is_signed
        if each["state"] == "held" and not is_task(each) and not is_open_question:
            yield f"a person is asked about a {each['operation']}: {each['cause'][:80]}"
        if each["state"] == "refused":
            yield f"the POS refused a {each['operation']}"


def _compare_counts(due: Due, papers: Sequence[Paper]) -> Iterator[str]:
    counts = Counter("marked" if paper.is_marked else paper.kind for paper in papers)
    most = {
        "place": 1 if due.is_known else 0,
        "marked": due.refires,
        "change": due.changes,
        "void": due.voids,
        # What was told on a ticket that was taken back is told again on the next one.
        "refund": due.refunds * max(1, counts["place"] + counts["marked"]),
    }
    for kind, count in counts.items():
        # More than one ticket has a sentence of its own.
        if count > most.get(kind, 0) and (kind != "place" or not due.is_known):
            yield f"more tickets than there was reason for: {kind}"
    versions = [paper.version for paper in papers]
    if versions != sorted(set(versions)):
        yield "tickets in another order than their versions"


def _compare_content(due: Due, document: Document, papers: Sequence[Paper]) -> Iterator[str]:
    is_asked = any(
        each["operation"] == "place" and each["state"] in {"held", "waiting"}
        for each in document["deliveries"]
    )
    if not papers:
        if due.is_wanted and (due.is_signed or not is_asked):
            yield "no ticket"
        return
    last = papers[-1]
    is_void = last.kind == "void"
    if due.is_wanted and is_void:
        yield "taken back, but it is wanted"
    elif not due.must and not due.may and not is_void and last.dishes != {}:
        yield from _compare_nothing(last)
    elif last.dishes is not None and not is_void:
        yield from _compare_dishes(due, last)


def _compare_nothing(last: Paper) -> Iterator[str]:
    """A refund says itself that there is nothing to make."""
    if last.dishes is not None or last.kind != "refund":
        yield "not taken back"


def _compare_dishes(due: Due, last: Paper) -> Iterator[str]:
    found, names = Counter(last.dishes), frozenset[str]().union(*due.may)
    more = found - Counter(due.must)
    if Counter(due.must) - found:
        yield "dishes are missing on the last ticket"
    if more.total() > len(due.may) or not more.keys() <= names:
        yield "dishes on the last ticket that nobody wants"
    if due.must:
        wrong = (name for name, text in due.facts.items() if last.facts.get(name, text) != text)
        yield from (f"another {name} on the last ticket" for name in wrong)


def _compare_money(due: Due, document: Document, papers: Sequence[Paper]) -> Iterator[str]:
    """What the POS never had, or was told to take back, need not be put right in it."""
    found = _refunded(document["deliveries"], papers)
    tickets = sum(paper.kind == "place" for paper in papers)
    is_whole = tickets and not any(paper.kind == "void" or paper.is_marked for paper in papers)
    if not (due.refunded_cents if is_whole else 0) <= found <= tickets * due.refunded_cents:
        yield "another amount refunded than there was"


def _refunded(deliveries: Sequence[Document], papers: Sequence[Paper]) -> int:
    """What the POS booked, and what paper or a task says that a person is to take off in it."""
    printed = {paper.key for paper in papers if paper.cents is None}
    refunds = [each for each in deliveries if each["operation"] == "refund"]
    by_hand = [each for each in refunds if is_task(each) or each["key"] in printed]
    return sum(_booked(papers)) + sum(each["amount_cents"] or 0 for each in by_hand)


def _booked(papers: Sequence[Paper]) -> list[int]:
    return [paper.cents for paper in papers if paper.cents is not None]


def _is_done(delivery: Document) -> bool:
    return bool(delivery["state"] == "done")
