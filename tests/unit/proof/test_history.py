import pytest

from tests.proof.history import Journal, read_history


@pytest.fixture
def journal(tmp_path):
    journals = []

    def journal(witness, at=1.0):
        journals.append(Journal(tmp_path, witness, clock=lambda: at))
        return journals[-1]

    yield journal
    for one in journals:
        one.close()


def standing(order):
    return {
        "site": "a",
        "restaurant": "lopez",
        "order": order,
        "at": "worker",
        "state": "done",
        "cause": "",
    }


def test_all_witnesses_are_heard_in_the_order_of_time(journal, tmp_path):
    journal("people", 3.0).append("standing", **standing("o1"))
    journal("faults", 1.0).append("kill9", id="f1", on="ingress", until=2.0)

    history = read_history(tmp_path)

    assert [(each["witness"], each["what"]) for each in history.records] == [
        ("faults", "kill9"),
        ("people", "standing"),
    ]
    assert history.span == (1.0, 3.0)


def test_a_record_that_lacks_something_is_refused(journal):
    fields = standing("o1")
    del fields["cause"]
    with pytest.raises(ValueError, match="a record of standing lacks cause"):
        journal("people").append("standing", **fields)


def test_a_witness_tells_only_of_its_own(journal):
    with pytest.raises(KeyError):
        journal("pos").append("standing", **standing("o1"))


def test_a_line_cut_by_a_kill_is_left_out(journal, tmp_path):
    journal("people").append("standing", **standing("o1"))
    with (tmp_path / "people.jsonl").open("ab") as file:
        file.write(b'{"t":2,"what":"stand')

    assert len(read_history(tmp_path).records) == 1


def test_a_damaged_line_is_named(journal, tmp_path):
    (tmp_path / "people.jsonl").write_bytes(b"nonsense\n")

    with pytest.raises(ValueError, match=r"people\.jsonl, line 1"):
        read_history(tmp_path)
