import pytest
from structlog.testing import capture_logs

from bridge import fault


def fail():
    raise ValueError("Eric Wang, 416-123-4567")


@pytest.fixture
def told():
    with capture_logs() as logs:
        try:
            fail()
        except ValueError as error:
            fault.tell("call_failed", error, correlation_id="c-1")
    return logs[0]


def test_an_error_is_told_by_its_class_and_its_place(told):
    assert told["error"] == "ValueError"
    assert [place.split()[1] for place in told["at"]] == ["told", "fail"]
    assert told["correlation_id"] == "c-1"


def test_its_message_is_not_told(told):
    assert "Eric" not in repr(told)


def test_an_error_that_is_not_there_is_told_all_the_same():
    with capture_logs() as logs:
        fault.tell("request_failed", None)

    assert logs[0]["at"] == []
