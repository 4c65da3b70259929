from bridge.ingress.turnaway import REMEMBERED, TOLD_EVERY, Turnaways


def test_the_first_call_of_a_caller_is_told_at_once():
    assert Turnaways().count("a", "unauthorized", 0) == 1


def test_a_flood_is_told_once_in_a_while_with_its_number():
    turnaways = Turnaways()

    numbers = [turnaways.count("a", "unauthorized", tenth / 10) for tenth in range(201)]

    assert [number for number in numbers if number] == [1, 100, 100]


def test_one_caller_does_not_hide_another():
    turnaways = Turnaways()
    turnaways.count("a", "unauthorized", 0)

    assert turnaways.count("b", "unauthorized", 0) == 1


def test_one_reason_does_not_hide_another():
    turnaways = Turnaways()
    turnaways.count("a", "unknown_endpoint", 0)

    assert turnaways.count("a", "unauthorized", 0) == 1


def test_only_so_many_callers_are_remembered():
    turnaways = Turnaways()
    for number in range(REMEMBERED + 5):
        turnaways.count(str(number), "unauthorized", 0)

    assert len(turnaways._counts) == REMEMBERED
    assert turnaways.count(str(REMEMBERED), "unauthorized", TOLD_EVERY - 1) == 0
