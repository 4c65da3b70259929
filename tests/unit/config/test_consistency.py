import pytest

from bridge.config import Role

GRILL = 'id = "grill"\nname = "Grill"\ntimezone = "Europe/Vienna"\nadapter = "board"\n'
ENDPOINT = """
[[endpoints]]
id = "0123456789abcdef"
username = "bbot"
password = { file = "password" }
restaurants = ["grill"]
"""


def test_an_endpoint_names_only_restaurants_that_exist(folder):
    folder.main("", endpoint=ENDPOINT.replace('"grill"', '"gril", "grill"'))
    assert folder.problem("endpoints.0.restaurants.0").hint == 'did you mean "grill"?'


def test_a_restaurant_whose_file_is_broken_is_not_called_unknown(folder):
    folder.restaurant("id = = 1")
    assert [problem.key for problem in folder.check()] == ["line 1, column 6"]


def test_a_restaurant_with_another_mistake_is_not_called_unknown(folder):
    folder.restaurant(GRILL.replace("Vienna", "Viena"))
    assert [problem.key for problem in folder.check()] == ["timezone"]


def test_an_unknown_restaurant_is_told_beside_other_mistakes(folder):
    folder.main("[ingress]\nx = 1\n", endpoint=ENDPOINT.replace('"grill"', '"grill", "bar"'))
    keys = {problem.key for problem in folder.check()}
    assert keys == {"ingress.x", "endpoints.0.restaurants.1"}


def test_two_endpoints_cannot_have_one_id(folder):
    folder.main("", endpoint=ENDPOINT + ENDPOINT)
    assert folder.problem("endpoints.1.id").found == "the same id as endpoints.0.id"


def test_two_restaurants_cannot_have_one_id(folder):
    folder.restaurant(GRILL, "zebra")
    (problem,) = folder.check()
    assert problem.file.endswith("zebra.toml")
    assert problem.key == "id"


def test_two_restaurants_cannot_have_one_id_at_the_platform(folder):
    folder.main("", endpoint=ENDPOINT.replace('"grill"', '"grill", "bar"'))
    folder.restaurant(GRILL.replace('"grill"', '"bar"') + 'bbot_id = "grill"\n', "zebra")
    (problem,) = folder.check()
    assert problem.key == "bbot_id"


def test_an_endpoint_names_a_restaurant_once(folder):
    folder.main("", endpoint=ENDPOINT.replace('"grill"', '"grill", "grill"'))
    assert folder.problem("endpoints.0.restaurants").hint == "more than once: grill"


def test_a_restaurant_that_no_endpoint_names_is_a_warning(folder):
    folder.restaurant(GRILL.replace('"grill"', '"bar"'), "bar")
    (problem,) = folder.check()
    assert not problem.is_error


@pytest.mark.parametrize("role", list(Role))
def test_what_cannot_be_read_is_not_called_missing(folder, role):
    folder.main("x = = 1\n", endpoint="")
    folder.restaurant("id = = 1")
    keys = {problem.key for problem in folder.check(role=role)}
    assert keys == {"line 1, column 5", "line 1, column 6"}


@pytest.mark.parametrize("name", ["REPLACE-by-your-own-0000000000", "replace_me_0123456789"])
def test_the_id_of_the_example_is_an_error_with_advice(folder, name):
    folder.main("", endpoint=ENDPOINT.replace("0123456789abcdef", name))
    problem = folder.problem("endpoints.0.id")
    assert problem.is_error
    assert "openssl rand -hex 16" in problem.hint


@pytest.mark.parametrize(
    "text",
    [
        '[ingress]\nlisten = "127.0.0.1:8081"\n',
        '[console]\nlisten = "127.0.0.1:8080"\n',
        '[ingress]\nlisten = "0.0.0.0:8081"\n',
    ],
)
def test_two_listeners_cannot_have_one_port(folder, text):
    folder.main(text)
    assert folder.problem("console.listen").is_error


def test_two_listeners_may_both_take_any_free_port(folder):
    folder.main('[ingress]\nlisten = "127.0.0.1:0"\n[console]\nlisten = "127.0.0.1:0"\n')
    assert folder.check() == []


def test_one_port_on_two_addresses_is_fine(folder):
    folder.main('[ingress]\nlisten = "127.0.0.1:80"\n[console]\nlisten = "127.0.0.2:80"\n')
    assert folder.check() == []


@pytest.mark.parametrize("host", ["[::]", "127.0.0.1"])
def test_a_console_without_a_token_is_a_warning_that_says_who_cannot_come_in(folder, host):
    folder.main(f'[console]\nlisten = "{host}:8081"\n', has_token=False)
    folder.restaurant(GRILL.replace("board", "file"))
    (problem,) = folder.check()
    assert (problem.key, problem.is_error) == ("console.token", False)
    assert problem.found == "no token: nobody can open the console over TCP"
    assert 'token = { credential = "console-token" }' in problem.hint


def test_a_kitchen_screen_that_nobody_can_open_is_named(folder):
    folder.main("", has_token=False)
    assert folder.problem("console.token").found.endswith("not the kitchen screen of grill")


def test_a_token_opens_the_console_to_others(folder):
    folder.main('[console]\nlisten = "0.0.0.0:8081"\ntoken = { file = "password" }\n')
    assert folder.check() == []


def test_a_certificate_authority_needs_tls(folder):
    folder.main('[broker]\nusername = "u"\npassword = { file = "password" }\nca_file = "/ca.pem"\n')
    assert folder.problem("broker.ca_file").allowed == "ca_file together with tls = true"


@pytest.mark.parametrize("value", ["5", '"x"', "[1]", "[[]]", "{ id = 1 }"])
def test_nonsense_for_endpoints_is_only_an_error(folder, value):
    folder.main(f"endpoints = {value}\n", endpoint="")
    assert any(problem.key.startswith("endpoints") for problem in folder.check())
