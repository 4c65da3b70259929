import pytest

from bridge.cli import config_file

MAIN = """
[[endpoints]]
id = "endpoint-0123456789abcdef"
username = "bbot"
password = { file = "password" }
restaurants = ["grill"]
[console]
token = { file = "password" }
"""
RESTAURANT = """
id = "grill"
name = "Grill"
timezone = "UTC"
adapter = "not-installed-here"
[settings]
password = { file = "not-on-this-machine" }
"""


BROKER = """
[broker]
username = "u"
password = { file = "password" }
"""


@pytest.fixture
def main(tmp_path):
    (tmp_path / "restaurants").mkdir()
    (tmp_path / "restaurants" / "grill.toml").write_text(RESTAURANT)
    (tmp_path / "password").write_text("a password")
    (tmp_path / "password").chmod(0o600)
    (tmp_path / "main.toml").write_text(MAIN + BROKER)
    return tmp_path / "main.toml"


def test_the_adapters_belong_to_the_configuration(main):
    examined = config_file.examine(main)

    assert examined.config is None
    assert [problem.key for problem in examined.problems if problem.is_error] == ["adapter"]


def test_a_machine_without_pos_systems_needs_neither_them_nor_their_secrets(main):
    examined = config_file.examine(main, "ingress")

    assert [problem.key for problem in examined.problems] == []
    assert examined.config.restaurants[0].adapter == "not-installed-here"
