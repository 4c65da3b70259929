"""The demo's installation: identity, configuration and POS, kept in one directory."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
from pydantic import BaseModel, ValidationError

from bridge import registry
from bridge.config import Broker, Config, Console, Endpoint, Ingress, Ledger, Restaurant, Secret

RESTAURANT = "ecde3351-606c-4971-ab5a-792bccb0e5e2"
IDENTITY_FILE = "demo.json"
FILE, FAKE = "file", "fake"  # what these need the demo has; there are several fakes
IDLE_EXPIRY = 3600  # what a demo leaves at the broker goes away by itself
SOCKET_LIMIT = 100  # a unix socket's path has 108 bytes
PROMOTIONS: tuple[dict[str, Any], ...] = (
    {"code": "HAPPY", "name": "Happy hour", "percent": 12.5},
    {"code": "WELCOME", "name": "Welcome", "amount_cents": 300, "once_per": "guest"},
)
CODES = tuple(promotion["code"] for promotion in PROMOTIONS)


def _effect(promotion: dict[str, Any]) -> str:
    percent, cents = promotion.get("percent"), promotion.get("amount_cents")
    once = "/guest" if promotion.get("once_per") == "guest" else ""
    return f"{promotion['code']}={f'{percent}%' if percent else cents}{once}"


# As `simulate --code` takes them.
EFFECTS = tuple(map(_effect, PROMOTIONS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line asked for."""

    directory: Path
    port: int
    console_port: int
    broker: str
    adapter: str
    settings: tuple[str, ...]
    when_down: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Made once for a directory, the same after a restart."""

    endpoint: str
    username: str
    password: str
    token: str
    restaurant: str


class Site:
    """A demo that can be started; `pos` runs the fake POS if that is the adapter."""

    def __init__(self, wish: Wish, identity: Identity) -> None:
        self._wish = wish
        self.identity = identity
        self.sample = wish.directory / "order_injection.json"
        self.socket = _socket(wish.directory)
        self.pos_control = ""
        self._pos_url = ""

    @contextlib.asynccontextmanager
    async def pos(self) -> AsyncIterator[None]:
        """The POS, for as long as the demo runs."""
        if not self._wish.adapter.startswith(FAKE):
            yield
            return
        from bridge.testing.fake_pos import FakePos  # noqa: PLC0415

        async with FakePos() as pos:
            self.pos_control, self._pos_url = pos.control_url, pos.url
            yield

    def build_config(self) -> Config:
        """The configuration as files would give it."""
        wish, identity = self._wish, self.identity
        return Config(
            ingress=Ingress(listen=f"127.0.0.1:{wish.port}"),
            console=Console(
                listen=f"127.0.0.1:{wish.console_port}",
                token=Secret.of(identity.token),
                socket=self.socket,
            ),
            # A small disk is good enough for a demo.
            ledger=Ledger(
                directory=wish.directory / "ledger", ballast=0, warn_below=0, refuse_below=0
            ),
            broker=_broker(wish.broker, identity.endpoint) if wish.broker else None,
            endpoints=(
                Endpoint(
                    id=identity.endpoint,
                    username=identity.username,
                    password=Secret.of(identity.password),
                    restaurants=(identity.restaurant,),
                ),
            ),
            restaurants=(self._restaurant(),),
        )

    def _restaurant(self) -> Restaurant:
        return Restaurant.model_validate(
            {
                "id": self.identity.restaurant,
                "name": "Demo restaurant",
                "timezone": "UTC",
                "adapter": self._wish.adapter,
                "when_down": self._wish.when_down,
                "settings": self._settings(),
                "promotions": PROMOTIONS,
            }
        )

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {}
        if self._wish.adapter == FILE:
            settings["directory"] = str(self._tickets())
        if self._pos_url:
            settings["url"] = self._pos_url
        return settings | _parse(self._wish.settings)

    def _tickets(self) -> Path:
        directory = self._wish.directory / "tickets"
        directory.mkdir(mode=0o700, exist_ok=True)
        return directory


def open_site(wish: Wish) -> Site:
    """Make or find the demo in its directory. Raises ValueError with what is wrong."""
    try:
        spec = registry.load(wish.adapter).spec
    except registry.RegistryError as error:
        raise ValueError(str(error)) from error
    site = Site(wish, _identity(wish.directory / IDENTITY_FILE))
    _check_settings(spec.settings, wish)
    if wish.broker:
        _broker(wish.broker, "")
    sample = files("bridge.sources.bbot").joinpath("samples", "order_injection.json")
    site.sample.write_bytes(sample.read_bytes())
    return site


def _identity(path: Path) -> Identity:
    if path.exists():
        try:
            return Identity(**orjson.loads(path.read_bytes()))
        except (TypeError, orjson.JSONDecodeError) as error:
            raise ValueError(f"{path} is not a demo's: remove it, or give another --dir") from error
    made = Identity(
        endpoint=secrets.token_hex(16),
        username="bbot",
        password=secrets.token_urlsafe(24),
        token=secrets.token_urlsafe(24),
        restaurant=RESTAURANT,
    )
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(orjson.dumps(asdict(made), option=orjson.OPT_INDENT_2))
    part.replace(path)
    return made


def _check_settings(model: type[BaseModel], wish: Wish) -> None:
    """With a stand-in for what is known only when the POS runs."""
    given = _parse(wish.settings)
    unknown = given.keys() - model.model_fields.keys()
    if unknown:
        known = ", ".join(model.model_fields) or "none"
        raise ValueError(f"{wish.adapter} has no setting {', '.join(unknown)}; it has: {known}")
    try:
        model.model_validate(_stand_in(wish.adapter) | given)
    except ValidationError as error:
        found = (_explain(one, model, wish.adapter) for one in error.errors(include_url=False))
        raise ValueError("; ".join(found)) from error


def _stand_in(adapter: str) -> dict[str, str]:
    if adapter == FILE:
        return {"directory": "/"}
    return {"url": "http://127.0.0.1"} if adapter.startswith(FAKE) else {}


def _explain(problem: Any, model: type[BaseModel], adapter: str) -> str:
    # One about the settings together names none of them.
    name = ".".join(map(str, problem["loc"]))
    if problem["type"] != "missing":
        return f"--set {name}: {problem['msg']}" if name else f"{adapter}: {problem['msg']}"
    field = model.model_fields.get(name)
    meaning = f" ({field.description.rstrip('.')})" if field and field.description else ""
    return f"{adapter} needs the setting {name}{meaning}: give it with --set {name}=VALUE"


def _parse(settings: tuple[str, ...]) -> dict[str, str]:
    parsed = {}
    for one in settings:
        name, equals, value = one.partition("=")
        if not equals:
            raise ValueError(f"--set {one}: write KEY=VALUE")
        parsed[name] = value
    return parsed


def _broker(url: str, endpoint: str) -> Broker:
    """Queues of its own for each demo: no ticket of an earlier one may turn up in this one."""
    parts = urlsplit(url)
    if parts.scheme not in {"amqp", "amqps"} or not parts.hostname:
        raise ValueError("--broker: write amqp://USER:PASSWORD@HOST:PORT/VHOST")
    tls = parts.scheme == "amqps"
    port = parts.port or (5671 if tls else 5672)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Broker(
        hosts=(f"{host}:{port}",),
        username=unquote(parts.username or "guest"),
        password=Secret.of(unquote(parts.password or "guest")),
        virtual_host=unquote(parts.path.removeprefix("/")) or "/",
        tls=tls,
        prefix=f"pos-bridge-demo-{endpoint[:8]}",
        idle_expiry=IDLE_EXPIRY,
    )


def _socket(directory: Path) -> Path:
    path = directory / "console.sock"
    if len(os.fsencode(path)) <= SOCKET_LIMIT:
        return path
    # Deeper than a socket's name may be: it lives elsewhere, the rest stays where it was asked.
    return Path(tempfile.gettempdir()) / f"pos-bridge-{os.getpid()}.sock"
