"""One installation of the bridge: its restaurants, its files, its addresses."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.proof.guests import Door
from tests.rabbitmq_node import free_ports

_ENDPOINT: Final = "endpoint-0123456789abcdef"
_LOGIN: Final = ("bbot", "a password that nobody guesses")
_TOKEN: Final = "a token that nobody guesses"
_SETTING: Final = "POS_BRIDGE__"

_MAIN: Final = """
[ingress]
listen = "127.0.0.1:{port}"
[console]
listen = "127.0.0.1:{console_port}"
socket = "{directory}/console.sock"
token = {{ file = "token" }}
[ledger]
directory = "{directory}/ledger"
[[endpoints]]
id = "{endpoint}"
username = "{login}"
password = {{ file = "password" }}
restaurants = {restaurants}
"""
_RESTAURANT: Final = """
id = "{id}"
name = "{id}"
timezone = "UTC"
adapter = "{adapter}"
release = "{release}"
when_down = "{when_down}"
probe_every = 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A restaurant. `is_idempotent`: its POS prints a key once, however often it comes."""

    id: str
    adapter: str
    release: str = "on_accept"
    when_down: str = "refuse"
    is_idempotent: bool = False

    @property
    def has_pos(self) -> bool:
        """The board is the bridge's own."""
        return self.adapter != "board"


# Every way in which a repeat may be safe or not, both policies, and a board.
PLACES: Final = (
    Place(id="lopez", adapter="fake", when_down="accept", is_idempotent=True),
    Place(id="garcia", adapter="fake-readback"),
    Place(id="okafor", adapter="fake-blind"),
    Place(id="tanaka", adapter="board"),
    Place(id="silva", adapter="fake", release="on_commit", when_down="accept", is_idempotent=True),
)


class Site:
    """One box: ingress and worker in one process, one ledger.

    `directory` is made; `module` is what is started in place of the plain `bridge`.
    """

    def __init__(
        self,
        directory: Path,
        pos_urls: Mapping[str, str],
        *,
        name: str = "a",
        places: tuple[Place, ...] = PLACES,
        module: str = "bridge",
    ) -> None:
        self.directory = directory.resolve()
        self.name = name
        self.places = places
        self.log = self.directory / "daemon.log"
        self._module = module
        self.port, self._console_port = free_ports(2)
        self._write(pos_urls)

    @property
    def door(self) -> Door:
        """Where the platform calls."""
        username, password = _LOGIN
        return Door(
            site=self.name,
            url=f"http://127.0.0.1:{self.port}/bbot/{_ENDPOINT}",
            username=username,
            password=password,
            on_commit=frozenset(one.id for one in self.places if one.release == "on_commit"),
        )

    @property
    def console(self) -> str:
        return f"http://127.0.0.1:{self._console_port}"

    @property
    def token(self) -> str:
        return _TOKEN

    @property
    def command(self) -> list[str]:
        config = str(self.directory / "main.toml")
        return [sys.executable, "-m", self._module, "run", "--config", config]

    @property
    def environment(self) -> dict[str, str]:
        """Without settings of a bridge that belong to somebody else."""
        return {key: value for key, value in os.environ.items() if not key.startswith(_SETTING)}

    def _write(self, pos_urls: Mapping[str, str]) -> None:
        (self.directory / "restaurants").mkdir(parents=True)
        for name, secret in (("password", _LOGIN[1]), ("token", _TOKEN)):
            (self.directory / name).write_text(secret)
            (self.directory / name).chmod(0o600)
        main = _MAIN.format(
            port=self.port,
            console_port=self._console_port,
            directory=self.directory,
            endpoint=_ENDPOINT,
            login=_LOGIN[0],
            restaurants=json.dumps([place.id for place in self.places]),
        )
        (self.directory / "main.toml").write_text(main)
        for place in self.places:
            path = self.directory / "restaurants" / f"{place.id}.toml"
            path.write_text(_describe(place, pos_urls.get(place.id, "")))


def _describe(place: Place, url: str) -> str:
    text = _RESTAURANT.format(
        id=place.id, adapter=place.adapter, release=place.release, when_down=place.when_down
    )
    return f'{text}[settings]\nurl = "{url}"\n' if url else text
