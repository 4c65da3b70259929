import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr, field_validator

from bridge.config import ConfigErrors, Secret, describe
from bridge.config.secret import Resolver


class Pos(BaseModel):
    keys: list[SecretStr] = []
    named: dict[str, SecretStr] = {}
    optional: SecretStr | None = None
    renamed: SecretStr | None = Field(default=None, alias="api-key")
    file: dict[str, str] = {}


def resolver(folder):
    return Resolver(file="f.toml", folder=folder.path)


def password(folder, reference):
    folder.main(f"[console]\ntoken = {reference}\n")
    return folder.read().console.token


def complaint(folder, reference):
    folder.main(f"[console]\ntoken = {reference}\n")
    return folder.problem("console.token")


def test_a_secret_in_a_file_loses_only_its_line_end(folder):
    folder.write("token", " a b \r\n\n")
    assert password(folder, '{ file = "token" }').reveal() == " a b "


def test_a_secret_comes_from_a_variable(folder, monkeypatch):
    monkeypatch.setenv("TOKEN", "from-a-variable")
    assert password(folder, '{ env = "TOKEN" }').reveal() == "from-a-variable"


def test_a_secret_comes_from_a_systemd_credential(folder, monkeypatch):
    folder.write("credentials/token", "from-systemd\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder.path / "credentials"))
    assert password(folder, '{ credential = "token" }').reveal() == "from-systemd"


def test_a_literal_secret_is_refused_with_what_to_write_instead(folder):
    problem = complaint(folder, '"hunter2"')
    assert problem.found == "a literal value"
    assert "{ credential = " in problem.allowed


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ('{ file = "none" }', "does not exist"),
        ('{ file = "restaurants" }', "is not a file"),
        ('{ file = "empty" }', "which is empty"),
        ('{ file = "latin" }', "not UTF-8"),
        ('{ file = "long" }', "too long"),
        ('{ env = "POS_BRIDGE_NOT_SET" }', "which is not set"),
        ('{ credential = "token" }', "CREDENTIALS_DIRECTORY is not set"),
        ('{ credential = "../token" }', 'credential "../token"'),
        ('{ fil = "x" }', 'the unknown key "fil"'),
        ('{ file = "x", env = "X" }', "a table with 2 keys"),
        ("{ file = 7 }", "file without a name"),
        ("{}", "a table with 0 keys"),
        ("7", "a literal value"),
    ],
)
def test_a_secret_that_cannot_be_had_is_one_clear_error(folder, reference, found):
    folder.write("empty", "\n")
    folder.write("long", "x" * 70000)
    (folder.path / "latin").write_bytes(b"\xe9t\xe9")
    assert found in complaint(folder, reference).found


def test_a_file_that_everyone_can_read_is_a_warning(folder):
    folder.write("token", "s3cret-token", mode=0o644)
    problem = complaint(folder, '{ file = "token" }')
    assert not problem.is_error
    assert "everyone can read" in problem.found


def test_a_secret_is_found_wherever_a_model_wants_one(folder):
    folder.write("k", "k-value")
    reference = {"file": "k"}
    value = {"keys": [reference], "named": {"a": reference}, "optional": reference}
    made = Pos.model_validate(resolver(folder).resolve(Pos, {**value, "api-key": reference}))
    secrets = [*made.keys, *made.named.values(), made.optional, made.renamed]
    assert {secret.get_secret_value() for secret in secrets} == {"k-value"}


def test_a_table_is_no_reference_where_no_secret_is_wanted(folder):
    value = {"file": {"file": "k"}}
    assert resolver(folder).resolve(Pos, value) == value


def test_a_secret_made_in_code_is_masked():
    assert Secret.of("hunter2").reveal() == "hunter2"
    assert "hunter2" not in f"{Secret.of('hunter2')!r} {Secret.of('hunter2')}"


words = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=6, max_size=40)


class Leaky(BaseModel):
    """A vendor's model that tells its secrets in its errors."""

    api_key: SecretStr

    @field_validator("api_key")
    @classmethod
    def tell(cls, value):
        raise ValueError(f"the key {value.get_secret_value()} is wrong")


@given(word=words.map(lambda text: f"s3{text}"))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_secret_is_in_no_representation(folder, word):
    folder.write("word", word)
    folder.main('[broker]\nusername = "u"\npassword = { file = "word" }\n')
    config = folder.read()
    assert config.broker.password.reveal() == word
    shown = f"{config!r} {config} {describe(config)} {config.model_dump()} "
    assert word not in shown + config.model_dump_json()


@given(word=words.map(lambda text: f"s3{text}"))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_secret_is_in_no_problem(folder, word):
    folder.write("word", word)
    folder.main(
        f'[console]\ntoken = "{word}"\ntokn = "{word}"\n'
        f'[broker]\nhosts = ["amqp://u:{word}@h"]\npassword = {{ wrong = "{word}" }}\n'
    )
    folder.restaurant(
        'id = "grill"\nname = "G"\ntimezone = "UTC"\nadapter = "leaky"\n'
        '[settings]\napi_key = { file = "../word" }\n'
    )
    with pytest.raises(ConfigErrors) as caught:
        folder.read(settings_of=lambda _name: Leaky)
    assert any(problem.key == "settings.api_key" for problem in caught.value.problems)
    assert word not in f"{caught.value} {caught.value!r} {caught.value.problems!r}"


def test_the_environment_never_shows_a_literal_secret(folder, monkeypatch):
    for name in ("BROKER__PASSWORD", "BROKER__PASWORD", "BROKER", "ENDPOINTS", "CONSOLE__TOKEN"):
        monkeypatch.setenv(f"POS_BRIDGE__{name}", "hunter2")
    assert "hunter2" not in " ".join(map(str, folder.check()))
