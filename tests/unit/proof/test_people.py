"""Which lines of a daemon's log call a person."""

import orjson
import pytest

from tests.proof.people import read_alerts


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "daemon.log"

    def log(*lines):
        path.write_bytes(b"\n".join(_line(one) for one in lines))
        return [(t, line["event"]) for t, line in read_alerts(path, offset=-1_000_000_000.0)]

    return log


def _line(one):
    if isinstance(one, bytes):
        return one
    return orjson.dumps({"timestamp": "2001-09-09T01:46:45.5Z", "level": "warning", **one})


def test_a_delivery_that_becomes_held_is_an_alert(log):
    assert log({"event": "delivery_moved", "state": "held"}) == [(5.5, "delivery_moved")]
    assert log({"event": "delivery_held"}) == [(5.5, "delivery_held")]


def test_one_that_moves_on_is_none(log):
    assert log({"event": "delivery_moved", "state": "done"}, {"event": "call_taken"}) == []


def test_what_is_no_line_of_the_log_says_nothing(log):
    assert log(b"Traceback (most recent call last):", b'{"event": "delive', b"7") == []
