import zoneinfo

import pytest

from bridge.config.kinds import LEAST_RESERVE
from bridge.ledger.store import CHECKPOINT_PAGES


def zone_problem(folder, zone):
    folder.restaurant(f'id = "grill"\nname = "G"\ntimezone = "{zone}"\nadapter = "board"\n')
    return folder.problem("timezone")


@pytest.mark.parametrize("zone", ["CST", "PDT", "BST"])
def test_an_abbreviation_is_not_taken_for_another_one(folder, zone):
    assert zone not in zoneinfo.available_timezones()
    assert zone_problem(folder, zone).hint == "not in this machine's time zone database"


@pytest.mark.parametrize(
    ("zone", "meant"),
    [
        ("America/NewYork", "America/New_York"),
        ("New York", "America/New_York"),
        ("chicago", "America/Chicago"),
        ("Europ/Berlin", "Europe/Berlin"),
    ],
)
def test_a_city_and_a_slip_of_the_pen_are_understood(folder, zone, meant):
    assert zone_problem(folder, zone).hint == f'did you mean "{meant}"?'


@pytest.mark.parametrize("megabytes", [1, LEAST_RESERVE - 1])
def test_a_reserve_that_would_be_used_up_before_it_helps_is_refused(folder, megabytes):
    folder.main(f"[ledger]\nballast = {megabytes}\n")
    problem = folder.problem("ledger.ballast")

    assert problem.allowed == "0, or a whole number from 5 to 65536"
    assert problem.hint == "in less than 5 MB the ledger cannot write what is open"


@pytest.mark.parametrize("megabytes", [-1, 65537, "true"])
def test_a_reserve_that_is_none_is_refused(folder, megabytes):
    folder.main(f"[ledger]\nballast = {megabytes}\n")

    assert folder.problem("ledger.ballast").allowed == "0, or a whole number from 5 to 65536"


@pytest.mark.parametrize("megabytes", [0, LEAST_RESERVE, 65536])
def test_no_reserve_and_one_that_helps_are_taken(folder, megabytes):
    folder.main(f"[ledger]\nballast = {megabytes}\n")

    assert folder.read().ledger.ballast == megabytes


def test_the_least_reserve_holds_the_log_until_it_is_brought_into_the_file():
    page, header = 4096, 24

    assert CHECKPOINT_PAGES * (page + header) < LEAST_RESERVE * 2**20
