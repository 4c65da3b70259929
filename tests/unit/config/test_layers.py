import pytest

from bridge.config.layers import names


def test_a_variable_overrides_the_file(folder, monkeypatch):
    folder.main('[ingress]\nlisten = "127.0.0.1:1"\norder_budget = 2\n')
    monkeypatch.setenv("POS_BRIDGE__INGRESS__LISTEN", "127.0.0.1:2")
    ingress = folder.read().ingress
    assert (ingress.listen, ingress.order_budget) == ("127.0.0.1:2", 2)


def test_numbers_and_arrays_come_from_plain_text(folder, monkeypatch):
    folder.main('[broker]\nusername = "u"\npassword = { file = "password" }\n')
    monkeypatch.setenv("POS_BRIDGE__INGRESS__ORDER_BUDGET", "1.5")
    monkeypatch.setenv("POS_BRIDGE__BROKER__HOSTS", "a:1,b:2")
    monkeypatch.setenv("POS_BRIDGE__BROKER__TLS", "true")
    config = folder.read()
    assert config.ingress.order_budget == 1.5
    assert (config.broker.hosts, config.broker.tls) == (("a:1", "b:2"), True)


def test_a_reference_in_the_environment_replaces_the_one_in_the_file(folder, monkeypatch):
    folder.main('[console]\ntoken = { credential = "none" }\n')
    monkeypatch.setenv("POS_BRIDGE__CONSOLE__TOKEN__FILE", "password")
    assert folder.read().console.token.reveal() == "correct-horse-battery"


def test_the_folder_of_restaurants_can_be_overridden(folder, monkeypatch):
    (folder.path / "restaurants").rename(folder.path / "places")
    monkeypatch.setenv("POS_BRIDGE__RESTAURANTS_DIRECTORY", "places")
    assert len(folder.read().restaurants) == 1


def test_a_wrong_value_is_reported_at_its_variable(folder, monkeypatch):
    monkeypatch.setenv("POS_BRIDGE__INGRESS__MAX_BODY", "12")
    (problem,) = folder.check()
    assert (problem.file, problem.key) == ("environment", "POS_BRIDGE__INGRESS__MAX_BODY")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("POS_BRIDGE__INGRES__LISTEN", "POS_BRIDGE__INGRESS__LISTEN"),
        ("POS_BRIDGE__LOGLEVEL", "POS_BRIDGE__LOG__LEVEL"),
        ("POS_BRIDGE__INGRESS__LISTN", "listen"),
    ],
)
def test_a_name_that_belongs_to_no_setting_is_an_error(folder, monkeypatch, name, near):
    monkeypatch.setenv(name, "x")
    (problem,) = folder.check()
    assert (problem.file, problem.key) == ("environment", name)
    assert problem.hint == f'did you mean "{near}"?'


def test_endpoints_are_not_set_by_the_environment(folder, monkeypatch):
    monkeypatch.setenv("POS_BRIDGE__ENDPOINTS", "[]")
    (problem,) = folder.check()
    assert problem.found == "a name that belongs to no setting"


def test_every_variable_has_one_name():
    assert len(names()) == len(set(names()))
    assert "POS_BRIDGE__BROKER__PASSWORD__CREDENTIAL" in names()
    assert "POS_BRIDGE__RESTAURANTS_DIRECTORY" in names()


def test_a_byte_order_mark_is_harmless(folder):
    path = folder.path / "main.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert folder.check() == []
