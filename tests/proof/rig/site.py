"""One installation of the bridge: its restaurants, its processes, their files and addresses."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.proof.guests import Door
from tests.rabbitmq_node import free_ports

INGRESS: Final = "ingress"
WORKER: Final = "worker"
VIRTUAL_HOST: Final = "proof"
BROKER_LOGIN: Final = ("guest", "guest")

_ENDPOINT: Final = "endpoint-0123456789abcdef"
_LOGIN: Final = ("bbot", "a password that nobody guesses")
_TOKEN: Final = "a token that nobody guesses"
_SECRETS: Final = {"password": _LOGIN[1], "token": _TOKEN, "broker": BROKER_LOGIN[1]}
_SETTING: Final = "POS_BRIDGE__"

_MAIN: Final = """
[console]
listen = "127.0.0.1:{console_port}"
socket = "{directory}/console.sock"
token = {{ file = "token" }}
"""
_LEDGER: Final = """
[ledger]
directory = "{directory}"
"""
# Of a disk that is small, and filled on purpose.
_SMALL: Final = """\
ballast = 8
warn_below = 32
refuse_below = 16
"""
_DOOR: Final = """
[ingress]
listen = "127.0.0.1:{port}"
[[endpoints]]
id = "{endpoint}"
username = "{login}"
password = {{ file = "password" }}
restaurants = {restaurants}
"""
_BROKER: Final = """
[broker]
hosts = ["127.0.0.1:{port}"]
username = "{login}"
password = {{ file = "broker" }}
virtual_host = "{virtual_host}"
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


class Box:
    """One process. `half` is ingress or worker, or "" for both in one."""

    def __init__(self, directory: Path, half: str, module: str) -> None:
        self.directory = directory
        self.half = half
        self.log = directory / "daemon.log"
        self.ledger = directory / "ledger"
        self._module = module
        port, self.console_port = free_ports(2)
        # The platform calls there.
        self.door = None if half == WORKER else port

    @property
    def console(self) -> str:
        return f"http://127.0.0.1:{self.console_port}"

    @property
    def command(self) -> list[str]:
        config = str(self.directory / "main.toml")
        role = ["--role", self.half] if self.half else []
        return [sys.executable, "-m", self._module, "run", *role, "--config", config]


class Site:
    """With `wires`, at which ingress and worker reach a broker, they are apart; else one box.

    `directory` is made; `module` is what is started in place of the plain `bridge`.
    """

    def __init__(
        self,
        directory: Path,
        pos_urls: Mapping[str, str],
        *,
        name: str,
        wires: Mapping[str, int] | None = None,
        module: str = "bridge",
    ) -> None:
        self.directory = directory.resolve()
        self.name = name
        self.places = PLACES
        self._wires = wires or {}
        halves = (INGRESS, WORKER) if wires else ("",)
        self.boxes = {half: Box(self.directory / half, half, module) for half in halves}
        for box in self.boxes.values():
            self._write(box, pos_urls)

    @property
    def door(self) -> Door:
        """Where the platform calls."""
        username, password = _LOGIN
        port = next(box.door for box in self.boxes.values() if box.door)
        return Door(
            site=self.name,
            url=f"http://127.0.0.1:{port}/bbot/{_ENDPOINT}",
            username=username,
            password=password,
            on_commit=frozenset(one.id for one in self.places if one.release == "on_commit"),
        )

    @property
    def token(self) -> str:
        return _TOKEN

    @property
    def environment(self) -> dict[str, str]:
        """Without settings of a bridge that belong to somebody else."""
        return {key: value for key, value in os.environ.items() if not key.startswith(_SETTING)}

    def _write(self, box: Box, pos_urls: Mapping[str, str]) -> None:
        (box.directory / "restaurants").mkdir(parents=True)
        box.ledger.mkdir()
        for name, secret in _SECRETS.items():
            (box.directory / name).write_text(secret)
            (box.directory / name).chmod(0o600)
        (box.directory / "main.toml").write_text("".join(self._sections(box)))
        for place in self.places:
            path = box.directory / "restaurants" / f"{place.id}.toml"
            path.write_text(_describe(place, pos_urls.get(place.id, "")))

    def _sections(self, box: Box) -> list[str]:
        sections = [
            _MAIN.format(console_port=box.console_port, directory=box.directory),
            _LEDGER.format(directory=box.ledger),
        ]
        if box.half:
            port = self._wires[box.half]
            sections += [
                _SMALL,
                _BROKER.format(port=port, login=BROKER_LOGIN[0], virtual_host=VIRTUAL_HOST),
            ]
        if box.door:
            names = json.dumps([place.id for place in self.places])
            sections.append(
                _DOOR.format(port=box.door, endpoint=_ENDPOINT, login=_LOGIN[0], restaurants=names)
            )
        return sections


def _describe(place: Place, url: str) -> str:
    text = _RESTAURANT.format(
        id=place.id, adapter=place.adapter, release=place.release, when_down=place.when_down
    )
    return f'{text}[settings]\nurl = "{url}"\n' if url else text
