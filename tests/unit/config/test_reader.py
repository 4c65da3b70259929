import pytest
from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from bridge.config import ConfigErrors, Role, Severity, check, examine

GRILL = 'id = "grill"\nname = "Grill"\ntimezone = "Europe/Vienna"\nadapter = "board"\n'


class PosSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    host: str
    api_key: SecretStr


def settings_of(name):
    return PosSettings if name == "pos" else None


def pos_restaurant(settings):
    return GRILL.replace("board", "pos") + f"[settings]\n{settings}\n"


def test_a_right_configuration_has_no_problems(folder):
    assert folder.check() == []


def test_it_is_read_with_its_defaults(folder):
    config = folder.read()
    assert config.ingress.listen == "127.0.0.1:8080"
    assert config.broker is None
    assert [restaurant.id for restaurant in config.restaurants] == ["grill"]
    assert config.restaurants[0].bbot_id == "grill"


def test_relative_paths_start_in_the_folder_of_the_file(folder):
    folder.main('[ledger]\ndirectory = "state"\n')
    assert folder.read().ledger.directory == folder.path / "state"


def test_errors_of_all_files_are_reported_together(folder):
    folder.main('[ingress]\nlistn = "x"\n[log]\nlevel = "inf"\n', endpoint="")
    folder.restaurant('id = "a"\nname = ""\ntimezone = "Europe/Viena"\nadapter = "board"\n', "a")
    folder.restaurant("id = = 1\n", "b")
    problems = folder.check(role=Role.ALL)
    found = {(problem.file.rpartition("/")[2], problem.key) for problem in problems}
    assert found == {
        ("main.toml", "ingress.listn"),
        ("main.toml", "log.level"),
        ("main.toml", "endpoints"),
        ("a.toml", "name"),
        ("a.toml", "timezone"),
        ("b.toml", "line 1, column 6"),
    }


def test_restaurants_are_checked_beside_a_main_file_that_is_not_toml(folder):
    folder.main("[ingress\n", endpoint="")
    folder.restaurant("")
    keys = [problem.key for problem in folder.check()]
    assert keys == ["line 1, column 9", "id", "name", "timezone", "adapter"]


def test_reading_raises_every_problem(folder):
    folder.main('[ingress]\nlistn = "x"\norder_budget = 0\n')
    with pytest.raises(ConfigErrors) as caught:
        folder.read()
    assert len(caught.value.problems) == 2
    assert "ingress.listn" in str(caught.value)


def test_a_missing_main_file_is_said(tmp_path):
    (problem, *_) = check(tmp_path / "none.toml")
    assert problem.found == "No such file or directory"


def test_a_missing_folder_of_restaurants_is_said(folder):
    folder.main('restaurants_directory = "elsewhere"\n', endpoint="")
    (problem, *_) = folder.check()
    assert problem.file == str(folder.path / "elsewhere")


def test_a_main_file_that_is_not_utf_8_is_said(folder):
    (folder.path / "main.toml").write_bytes(b'name = "\xff"')
    assert folder.check()[0].found == "a byte that is not UTF-8, at byte 8"


def test_hidden_and_foreign_files_are_not_restaurants(folder):
    folder.write("restaurants/.grill.toml", "nonsense")
    folder.write("restaurants/grill.toml~", "nonsense")
    assert folder.check() == []


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        ("[ingress]\nlistn = 1\n", "ingress.listn", 'did you mean "listen"?'),
        ("[ingres]\n", "ingres", 'did you mean "ingress"?'),
        ('[log]\nlevel = "wraning"\n', "log.level", 'did you mean "warning"?'),
        ('[log]\nLevel = "info"\n', "log.Level", 'did you mean "level"?'),
        ("[ledger]\nxyzzy = 1\n", "ledger.xyzzy", ""),
    ],
)
def test_the_nearest_name_is_told(folder, text, key, hint):
    folder.main(text)
    assert folder.problem(key).hint == hint


@pytest.mark.parametrize(
    ("text", "found", "allowed"),
    [
        ("[ingress]\norder_budget = 31", "31", "seconds, more than 0, at most 30"),
        ("[ingress]\norder_budget = nan", "NaN", "seconds, more than 0, at most 30"),
        ("[ingress]\norder_budget = true", "true", "seconds, more than 0, at most 30"),
        ('[ingress]\nmax_body = "big"', '"big"', "a whole number, at least 1024"),
        ("[ingress]\nlisten = 8080", "8080", "HOST:PORT"),
        ('[ingress]\nlisten = "127.0.0.1"', '"127.0.0.1"', "HOST:PORT"),
        ('[ingress]\nlisten = "h:65536"', '"h:65536"', "HOST:PORT"),
        ("ingress = 5", "a number", "a table"),
    ],
)
def test_a_wrong_value_is_shown_beside_what_is_allowed(folder, text, found, allowed):
    folder.main(text + "\n")
    (problem,) = folder.check()
    assert problem.found == found
    assert problem.allowed.startswith(allowed)


def test_an_adapter_that_is_not_installed_is_an_error(folder):
    problem = folder.problem("adapter", settings_of=settings_of, adapter_names=["bard", "pos"])
    assert problem.hint == 'did you mean "bard"?'


def test_an_adapter_that_cannot_be_loaded_is_said_in_its_own_words(folder):
    def broken(_name):
        raise ImportError("no module named serial")

    problem = folder.problem("adapter", settings_of=broken, adapter_names=["board"])
    assert problem.found == '"board", which cannot be loaded'
    assert problem.hint == "no module named serial"


def test_the_settings_of_an_adapter_are_checked_by_its_model(folder):
    folder.write("key", "k-123456")
    folder.restaurant(pos_restaurant('hots = "x"\napi_key = { file = "../key" }'))
    found = folder.check(settings_of=settings_of)
    assert {problem.key for problem in found} == {"settings.host", "settings.hots"}


def test_the_settings_of_an_adapter_get_their_secrets(folder):
    folder.write("key", "k-123456\n")
    folder.restaurant(pos_restaurant('host = "x"\napi_key = { file = "../key" }'))
    (restaurant,) = folder.read(settings_of=settings_of).restaurants
    made = PosSettings.model_validate(restaurant.settings)
    assert made.api_key.get_secret_value() == "k-123456"


def test_a_literal_secret_of_an_adapter_is_refused(folder):
    folder.restaurant(pos_restaurant('host = "x"\napi_key = "hunter2"'))
    problem = folder.problem("settings.api_key", settings_of=settings_of)
    assert problem.found == "a literal value"


def test_settings_stay_as_written_where_nobody_knows_their_model(folder):
    folder.restaurant(pos_restaurant('api_key = { file = "/not/there" }'))
    assert folder.read().restaurants[0].settings == {"api_key": {"file": "/not/there"}}


def test_a_crash_in_the_check_of_an_adapter_is_reported(folder):
    class Crashing(BaseModel):
        host: str

        @field_validator("host")
        @classmethod
        def crash(cls, _value):
            raise KeyError("host")

    folder.restaurant(pos_restaurant('host = "x"'))
    problem = folder.problem("settings", settings_of=lambda _name: Crashing)
    assert "KeyError" in problem.found


def test_warnings_do_not_keep_a_configuration_from_being_read(folder):
    folder.write("password", "correct-horse-battery", mode=0o644)
    examined = examine(folder.path / "main.toml")
    assert examined.config is not None
    assert {problem.severity for problem in examined.problems} == {Severity.WARNING}
