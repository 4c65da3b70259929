import re

import orjson
import pytest

from tests.proof import report
from tests.proof.checker import COUNTERS
from tests.proof.history import History
from tests.proof.part import Result
from tests.proof.report.answers import describe, percentile
from tests.proof.report.document import build
from tests.proof.report.text import align

NONE = dict.fromkeys(COUNTERS, 0)


def a_call(number, t, ms, *, status=200, heard="all", hook="order-injection"):
    name = {"witness": "bbot", "call": number, "copy": 0, "site": "a"}
    return [
        {**name, "t": t, "what": "sent", "hook": hook},
        {
            **name,
            "t": t + ms / 1000,
            "what": "answered",
            "status": status,
            "ms": ms,
            "heard": heard,
        },
    ]


def a_fault(t, until, what="kill9", on="a"):
    return {"witness": "faults", "what": what, "t": t, "until": until, "on": on, "id": "f"}


def a_history(*parts):
    records = [record for part in parts for record in (part if isinstance(part, list) else [part])]
    return History(tuple(sorted(records, key=lambda record: record["t"])))


def a_storm(**more):
    return {
        "orders": 2000,
        "papers": 1900,
        "injections": {"kill9": 20, "pos": 80},
        "counts": NONE,
        "apart": {"calls while nobody was there to answer": 7},
        "end_states": {"done": 1990, "held": 10},
        "answers": describe(a_history(a_call(1, 5.0, 12.5), a_fault(5.0, 6.0))),
        **more,
    }


def a_simulation(**more):
    cell = {"name": "a.b:c", "side": "before", "do": "crash", "result": "passed"}
    sums = {"orders": 30_000, "papers": 28_000}
    return {"sums": sums, "counts": NONE, "points": [cell], "injections": {"simulated": 9}, **more}


def bugs(caught=14):
    bug = {"name": "a <bug>", "what": "It.", "without": "", "breaks": "lost", "is_caught": True}
    return {"planted": 14, "caught": caught, "bugs": [bug]}


def a_document(**results):
    parts = {"sim": a_simulation(), "bugs": bugs(), "storm": a_storm()}
    results = results or {name: Result(figures=figures) for name, figures in parts.items()}
    return build(results, seed=7, form="the short form", begun="now", seconds=187.3)


@pytest.mark.parametrize(("share", "found"), [(50.0, 5), (99.0, 10), (100.0, 10), (10.0, 1)])
def test_a_percentile_is_a_time_that_was_measured(share, found):
    assert percentile([float(each) for each in range(1, 11)], share) == found


def test_nothing_measured_took_no_time():
    assert percentile([], 99.0) == 0.0


def test_only_answers_that_were_heard_are_measured():
    history = a_history(a_call(1, 0.0, 10.0), a_call(2, 1.0, 99.0, heard="none"))

    assert describe(history)["waits"]["all calls"]["longest"] == 10.0


@pytest.mark.parametrize(
    ("fault", "number"),
    [
        (a_fault(20.0, 21.0), 2),
        (a_fault(20.0, 21.0, on="a.ingress"), 2),
        (a_fault(20.0, 21.0, on="a.worker"), 3),
        (a_fault(20.0, 21.0, on="b"), 3),
        (a_fault(20.0, 21.0, "pos"), 3),
    ],
)
def test_orders_are_apart_whose_answer_nothing_was_done_to(fault, number):
    history = a_history(a_call(1, 0.0, 10.0), fault, a_call(2, 20.5, 900.0), a_call(3, 30.0, 20.0))

    waits = describe(history)["waits"]

    assert waits["orders"]["number"] == 3
    assert waits["orders while whoever answers is left alone"]["number"] == number


def test_faults_that_overlap_are_one():
    history = a_history(
        a_fault(10.0, 30.0), a_fault(11.0, 12.0), a_call(1, 25.0, 10.0), a_call(2, 40.0, 10.0)
    )

    assert describe(history)["waits"]["orders while whoever answers is left alone"]["number"] == 1


def test_each_second_says_how_long_it_took_and_how_many_were_refused():
    history = a_history(a_call(1, 100.0, 10.0), a_call(2, 100.5, 30.0, status=503))

    assert describe(history)["seconds"] == [
        {"at": 0, "number": 2, "p50": 10.0, "p99": 30.0, "refused": 1}
    ]


def test_the_parts_come_to_the_same_figures_whatever_they_call_them():
    totals = a_document()["totals"]

    assert (totals["sim"]["orders"], totals["storm"]["orders"]) == (30_000, 2000)
    assert (totals["sim"]["injected"], totals["storm"]["injected"]) == (9, 100)
    assert totals["storm"]["kills"] == 20


def test_the_text_has_the_table_and_says_that_nothing_is_wrong(tmp_path):
    lines = report.write(a_document(), tmp_path)

    rows = [re.split(r" {2,}", line) for line in lines]
    found = {name: numbers for name, *numbers in rows}
    assert found["orders"] == ["30,000", "2,000"]
    assert all(found[name] == ["0", "0"] for name in COUNTERS)
    assert "planted bugs caught: 14 of 14" in lines
    assert "fail points x before and after x crash, error and hang: 1 passed" in lines
    assert "nothing is wrong" in lines
    assert (tmp_path / "report.txt").read_text().splitlines() == lines


def test_what_is_wrong_is_told_with_the_shortest_story(tmp_path):
    (tmp_path / "sim").mkdir()
    stories = {"replay 1": ["lost:", "one", "two"], "replay 2": ["ghost:", "one"]}
    (tmp_path / "sim/stories.json").write_bytes(orjson.dumps(stories))
    figures = a_storm(first_finding=["lost:", "order 9"])
    document = a_document(
        sim=Result(figures=a_simulation(), wrong=["ghost"]),
        storm=Result(figures=figures, wrong=["lost: 1"]),
    )

    lines = report.write(document, tmp_path)

    assert "storm: lost: 1" in lines
    assert "nothing is wrong" not in lines
    assert lines[-9:] == [
        *("", "the first case of sim:", "replay 2", "ghost:", "one"),
        *("", "the first case of storm:", "lost:", "order 9"),
    ]


def test_a_part_that_broke_down_leaves_a_report_all_the_same(tmp_path):
    lines = report.write(a_document(storm=Result(wrong=["the part itself failed"])), tmp_path)

    assert "storm: the part itself failed" in lines


def test_the_page_needs_nothing_else_and_says_what_it_was_told(tmp_path):
    report.write(a_document(), tmp_path)
    page = (tmp_path / "report.html").read_text()

    assert page.count("<svg") == 3
    assert not re.search(r"<script|<link|<img|https?:|url\(", page)
    assert "a &lt;bug&gt;" in page
    assert "kill9 at 0 s for 1 s" in page


def test_the_json_is_the_document(tmp_path):
    document = a_document()
    report.write(document, tmp_path)

    assert orjson.loads((tmp_path / "report.json").read_bytes()) == document


def test_columns_are_aligned():
    assert align([["", "all"], ["orders", "7"]]) == ["        all", "orders    7"]
