import pytest
from structlog.testing import capture_logs

from bridge.ingress.guard import Guard, Limits


@pytest.fixture
def guard():
    return Guard(None, Limits(max_connections=3, max_per_source=2))


def test_connections_are_admitted_up_to_the_number_of_one_source(guard):
    assert [guard.admit("a", 0) for _ in range(3)] == [True, True, False]


def test_connections_are_admitted_up_to_the_number_of_all(guard):
    assert [guard.admit(source, 0) for source in "abcd"] == [True, True, True, False]


def test_a_dismissed_connection_makes_room(guard):
    guard.admit("a", 0)
    guard.admit("a", 0)
    guard.dismiss("a")

    assert guard.admit("a", 0)


def test_a_refused_connection_counts_until_it_is_closed(guard):
    for _ in range(3):
        guard.admit("a", 0)
    guard.dismiss("a")

    assert guard.connections == 2
    assert not guard.admit("a", 0)


def test_nothing_is_kept_of_a_source_that_left(guard):
    guard.admit("a", 0)
    guard.dismiss("a")

    assert guard.connections == 0
    assert not guard._sources


def test_a_flood_of_refused_connections_is_told_once_in_a_while(guard):
    with capture_logs() as logs:
        for second in range(13):
            guard.admit("a", second)

    assert [line["refused"] for line in logs] == [1, 11]


def test_a_refusal_advises_on_the_listener_that_it_is_about():
    guard = Guard(None, Limits(max_connections=0), advice="close some screens")
    with capture_logs() as logs:
        guard.admit("a", 0)

    assert [line["hint"] for line in logs] == ["close some screens"]
