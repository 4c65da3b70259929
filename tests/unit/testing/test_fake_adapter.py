import pytest

from bridge.adapter import (
    AdapterMisconfigured,
    OperatorNeeded,
    OutcomeUnknown,
    PosBusy,
    TicketRejected,
)
from bridge.testing.fake_adapter import meaning


@pytest.mark.parametrize(
    ("status", "found", "expected"),
    [
        (400, {}, TicketRejected),
        (401, {}, AdapterMisconfigured),
        (403, {}, AdapterMisconfigured),
        (404, {}, AdapterMisconfigured),
        (422, {}, TicketRejected),
        (429, {}, PosBusy),
        (500, {}, OutcomeUnknown),
        (502, {}, OutcomeUnknown),
        (503, {}, OutcomeUnknown),
        (503, {"code": "operator"}, OperatorNeeded),
        (302, {}, OutcomeUnknown),
    ],
)
def test_each_status_has_one_meaning(status, found, expected):
    assert type(meaning(status, found, "")) is expected


def test_the_reason_is_passed_on():
    assert str(meaning(422, {"reason": "no such dish"}, "")) == "no such dish"


def test_a_busy_pos_without_a_time_means_a_second():
    assert meaning(429, {}, "").retry_after == 1.0
