import tomllib
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from bridge.config.description import allowed, default, toml


class Pos(BaseModel):
    host: str
    port: int = Field(default=9100, ge=1, le=65535)
    name: str = Field(default="x", max_length=8)
    paper: Literal["58", "80"] = "80"
    key: SecretStr | None = None
    lines: list[str] = []
    speed: float = Field(default=0.5, gt=0, lt=2.5)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("host", "text"),
        ("port", "a whole number, at least 1, at most 65535"),
        ("name", "text, length at most 8"),
        ("paper", '"58" or "80"'),
        ("key", '{ credential = "NAME" }, { file = "/PATH" } or { env = "NAME" }'),
        ("lines", "an array"),
        ("speed", "a number, more than 0, less than 2.5"),
    ],
)
def test_what_is_allowed_is_told_for_any_model(name, words):
    assert allowed(Pos.model_fields[name]) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [("host", "required"), ("port", "9100"), ("key", "not set"), ("speed", "0.5")],
)
def test_a_default_is_told_as_it_is_written(name, words):
    assert default(Pos.model_fields[name]) == words


@pytest.mark.parametrize("value", [1, 2.5, True, 'a "b" \\ é', ["a", "b"], {"file": "/x"}])
def test_a_value_is_written_as_toml_reads_it(value):
    assert tomllib.loads(f"x = {toml(value)}")["x"] == value


def test_a_path_is_written_as_text():
    assert toml(Path("/a/b")) == '"/a/b"'
