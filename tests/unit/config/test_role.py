"""What a process of each role needs of the configuration, and what it need not have."""

import pytest

from bridge.config import Role, lacks

BROKER = '[broker]\nusername = "u"\npassword = { file = "password" }\n'
ELSEWHERE = """
[[endpoints]]
id = "0123456789abcdef"
username = "bbot"
password = { credential = "on-another-machine" }
restaurants = ["grill", "served-by-another-worker"]
"""
HALVES = [Role.INGRESS, Role.WORKER]


def missing(role, **there):
    facts = {"has_broker": True, "has_endpoint": True, "has_restaurant": True}
    return [problem.key for problem in lacks(role, **facts | there)]


@pytest.mark.parametrize("role", list(Role))
def test_where_all_is_there_nothing_is_lacking(role):
    assert missing(role) == []


@pytest.mark.parametrize(("role", "keys"), [("all", []), ("ingress", ["broker"])])
def test_only_a_half_needs_a_broker(role, keys):
    assert missing(Role(role), has_broker=False) == keys


@pytest.mark.parametrize(("role", "keys"), [("all", ["endpoints"]), ("worker", [])])
def test_only_who_takes_orders_needs_an_endpoint(role, keys):
    assert missing(Role(role), has_endpoint=False) == keys


@pytest.mark.parametrize("role", list(Role))
def test_nobody_can_do_without_a_restaurant(role):
    assert missing(role, has_restaurant=False) == ["restaurants_directory"]


@pytest.mark.parametrize("role", HALVES)
def test_a_half_without_a_broker_is_told_which_one_needs_it(folder, role):
    problem = folder.problem("broker", role=role)

    assert problem.is_error
    assert problem.found == f"no section [broker], which --role {role} needs"
    assert problem.file.endswith("main.toml")


@pytest.mark.parametrize("text", ["", "endpoints = []\n"])
def test_without_an_endpoint_the_file_is_good_for_a_worker_only(folder, text):
    folder.main(text + BROKER, endpoint="")

    assert folder.check(role=Role.WORKER) == []
    for role in (Role.ALL, Role.INGRESS):
        assert [problem.key for problem in folder.check(role=role)] == ["endpoints"]


def test_a_worker_needs_no_endpoint_to_be_right_nor_its_password(folder):
    folder.main(BROKER, endpoint=ELSEWHERE)

    assert folder.check(role=Role.WORKER) == []
    assert folder.read(role=Role.WORKER).endpoints == ()
    keys = {problem.key for problem in folder.check(role=Role.INGRESS)}
    assert keys == {"endpoints.0.password", "endpoints.0.restaurants.1"}


def test_a_worker_may_have_its_console_at_the_port_of_the_ingress(folder):
    folder.main(f'[console]\nlisten = "127.0.0.1:8080"\n{BROKER}')

    assert folder.check(role=Role.WORKER) == []
    assert [problem.key for problem in folder.check(role=Role.INGRESS)] == ["console.listen"]


def test_an_empty_folder_is_told_and_a_missing_one_only_once(folder):
    (folder.path / "restaurants/grill.toml").unlink()
    folder.main("", endpoint="")
    empty = [problem.key for problem in folder.check(role=Role.WORKER)]
    (folder.path / "restaurants").rmdir()
    gone = [problem.found for problem in folder.check(role=Role.WORKER)]

    assert empty == ["broker", "restaurants_directory"]
    assert "no such folder" in gone
    assert "no restaurant: there is nobody to serve" not in gone


def test_what_a_role_lacks_is_told_beside_other_mistakes(folder):
    folder.main("[ingress]\nlistn = 1\n")

    keys = {problem.key for problem in folder.check(role=Role.INGRESS)}
    assert keys == {"ingress.listn", "broker"}
