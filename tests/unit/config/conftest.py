import os
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.config import Config, Problem, check, read

ENDPOINT = """
    [[endpoints]]
    id = "0123456789abcdef"
    username = "bbot"
    password = { file = "password" }
    restaurants = ["grill"]
"""
CONSOLE = "[console]\n"
TOKEN = 'token = { file = "password" }\n'
GRILL = """
    id = "grill"
    name = "Grill"
    timezone = "Europe/Vienna"
    adapter = "board"
"""


@dataclass
class Folder:
    """A configuration on disk that is right until a test says otherwise."""

    path: Path

    def main(self, text: str, *, endpoint: str = ENDPOINT, has_token: bool = True) -> None:
        text = textwrap.dedent(text)
        if has_token and "token" not in text:
            text = (
                text.replace(CONSOLE, CONSOLE + TOKEN)
                if CONSOLE in text
                else text + CONSOLE + TOKEN
            )
        self.write("main.toml", text + textwrap.dedent(endpoint))

    def restaurant(self, text: str, name: str = "grill") -> None:
        self.write(f"restaurants/{name}.toml", textwrap.dedent(text))

    def write(self, name: str, text: str, mode: int = 0o600) -> Path:
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def read(self, **catalogue) -> Config:
        return read(self.path / "main.toml", **catalogue)

    def check(self, **catalogue) -> list[Problem]:
        return check(self.path / "main.toml", **catalogue)

    def problem(self, key: str, **catalogue) -> Problem:
        """The only problem at that key."""
        (found,) = [problem for problem in self.check(**catalogue) if problem.key == key]
        return found


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith("POS_BRIDGE__") or name == "CREDENTIALS_DIRECTORY":
            monkeypatch.delenv(name)
    made = Folder(tmp_path)
    made.write("password", "correct-horse-battery\n")
    made.main("")
    made.restaurant(GRILL)
    return made
