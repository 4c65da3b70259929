"""What the notifier understands of its environment; the datagrams are in tests/integration."""

import pytest

from bridge.notify import Notifier


def test_without_a_manager_every_call_is_a_good_no_op():
    notifier = Notifier({})

    calls = (
        notifier.ready("open"),
        notifier.status("3 waiting"),
        notifier.reloading(),
        notifier.stopping(),
        notifier.watchdog(),
        notifier.extend(10),
    )

    assert all(calls)


def test_the_watchdog_is_fed_twice_in_its_time():
    assert Notifier({"WATCHDOG_USEC": "20000000"}).watchdog_interval == 10.0


def test_a_watchdog_meant_for_this_process_is_fed():
    environ = {"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "42"}

    assert Notifier(environ, pid=42).watchdog_interval == 1.5


def test_a_watchdog_meant_for_another_process_is_left_alone():
    environ = {"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "42"}

    assert Notifier(environ, pid=43).watchdog_interval is None


@pytest.mark.parametrize("microseconds", ["", "0", "-5", "soon", "²"])
def test_a_watchdog_time_that_is_none_is_not_wanted(microseconds):
    assert Notifier({"WATCHDOG_USEC": microseconds}).watchdog_interval is None


def test_no_watchdog_is_wanted_by_default():
    assert Notifier({}).watchdog_interval is None


def test_an_address_that_nobody_can_reach_is_told_and_not_raised():
    assert Notifier({"NOTIFY_SOCKET": "vsock:2:1234"}).ready() is False


def test_an_address_that_is_too_long_is_told_and_not_raised():
    assert Notifier({"NOTIFY_SOCKET": "/" + "x" * 200}).ready() is False
