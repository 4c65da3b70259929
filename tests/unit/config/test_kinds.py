import zoneinfo

import pytest


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
