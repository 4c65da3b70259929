"""`pos-bridge demo`: the real daemon on a ledger of its own, ready to be tried."""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from bridge import fault
from bridge.cli.process import early_end, serve

if TYPE_CHECKING:
    from bridge.cli.demo_site import Site
    from bridge.daemon.daemon import Ready

STOP_PATIENCE = 2.5  # Ctrl-C at a demo must not wait for a POS that hangs
PORT = click.IntRange(0, 65535)


@click.command()
@click.option(
    "--port", type=PORT, default=8080, show_default=True, help="Of the ingress; 0 for a free one."
)
@click.option(
    "--console-port",
    type=PORT,
    default=8081,
    show_default=True,
    help="Of the console; 0 for a free one.",
)
@click.option(
    "--broker", default="", metavar="URL", help="Go through RabbitMQ: amqp://USER:PW@HOST."
)
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep ledger and credentials there; a restart goes on where it was.",
)
@click.option("--adapter", default="board", show_default=True, help="Another adapter as the POS.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the adapter."
)
@click.option(
    "--when-down",
    type=click.Choice(["refuse", "accept"]),
    default="refuse",
    show_default=True,
    help="What checkouts are told while the POS is down.",
)
@click.option("--orders", type=click.IntRange(min=0), default=0, help="Play this many guests.")
@click.option("--rate", type=click.FloatRange(min=0.01), default=1.0, help="Guests a second.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON on stdout, once ready.")
@click.option("--verbose", is_flag=True, help="Show the daemon's log.")
def demo(
    directory: Path | None, orders: int, rate: float, as_json: bool, verbose: bool, **wish: Any
) -> None:
    """Try the bridge: the real daemon, a generated endpoint, a kitchen board as the POS."""
    from bridge.cli.demo_site import Wish, open_site  # noqa: PLC0415
    from bridge.telemetry import configure_logs  # noqa: PLC0415

    configure_logs("info" if verbose else "warning", "json" if as_json else "console")
    with early_end(), _directory(directory) as home:
        with _complain():
            site = open_site(Wish(directory=home, **wish))
        guests = _Guests(orders, rate, quiet=as_json)
        end = _serve(site, guests, _print_json if as_json else _print_text)
    end()


def _serve(
    site: "Site", guests: "_Guests", tell: "Callable[[Site, Ready], None]"
) -> Callable[[], None]:
    from bridge.daemon import Daemon, StartError  # noqa: PLC0415

    @contextlib.asynccontextmanager
    async def around() -> AsyncIterator[None]:
        async with site.pos(), guests.playing():
            yield

    def build() -> Daemon:
        try:
            config = site.build_config()
        except ValueError as error:
            raise StartError(str(error)) from error
        return Daemon(config, stop_patience=STOP_PATIENCE)

    def on_ready(ready: "Ready") -> None:
        tell(site, ready)
        guests.play(site, ready.ingress)

    return serve(build, before=around(), on_ready=on_ready, ends_on_hang_up=True)


class _Guests:
    """Simulated guests beside the daemon, and the owner of their task."""

    def __init__(self, orders: int, rate: float, *, quiet: bool) -> None:
        self._orders = orders
        self._rate = rate
        self._quiet = quiet
        self._task: asyncio.Task[None] | None = None

    def play(self, site: "Site", url: str) -> None:
        if self._orders:
            self._task = asyncio.create_task(self._run(site, url), name="guests")
            self._task.add_done_callback(_tell_of_failure)

    @contextlib.asynccontextmanager
    async def playing(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait({self._task})

    async def _run(self, site: "Site", url: str) -> None:
        from bridge.testing import simulator  # noqa: PLC0415

        simulation = simulator.Simulation(
            url=url,
            endpoint=site.identity.endpoint,
            username=site.identity.username,
            password=site.identity.password,
            restaurants=(site.identity.restaurant,),
            orders=self._orders,
            rate=self._rate,
        )
        summary = await simulator.simulate(simulation)
        click.echo(summary.as_text(), err=self._quiet)


def _tell_of_failure(task: "asyncio.Task[None]") -> None:
    """The daemon is what is tried: it goes on without guests, but not in silence."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        fault.tell("guests_failed", error)
        click.echo(f"the guests have left ({type(error).__name__})", err=True)


@contextlib.contextmanager
def _directory(given: Path | None) -> Iterator[Path]:
    if given is not None:
        with _complain():
            # One that exists stays as it is: the files with secrets are private by themselves.
            given.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield given.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="pos-bridge-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@contextlib.contextmanager
def _complain() -> Iterator[None]:
    try:
        yield
    except (ValueError, OSError) as error:
        click.echo(f"cannot start: {error}", err=True)
        raise SystemExit(2) from error


def _print_json(site: "Site", ready: "Ready") -> None:
    from bridge.cli.demo_site import CODES, EFFECTS  # noqa: PLC0415

    identity = site.identity
    data: dict[str, Any] = {
        "ingress": ready.ingress,
        "console": ready.console,
        "endpoint": identity.endpoint,
        "username": identity.username,
        "password": identity.password,
        "restaurant": identity.restaurant,
        "token": identity.token,
        "socket": str(site.socket),
        "codes": CODES,
        "promotions": EFFECTS,
    }
    if site.pos_control:
        data["pos_control"] = site.pos_control
    click.echo(orjson.dumps(data).decode())


def _print_text(site: "Site", ready: "Ready") -> None:
    from bridge.cli.demo_site import CODES  # noqa: PLC0415

    identity, style = site.identity, _style()
    hook = f"{ready.ingress}/bbot/{identity.endpoint}/order-injection"
    screen = f"{ready.console}/kitchen/{identity.restaurant}?token={identity.token}"
    click.echo(style("The POS bridge is ready. Ctrl-C ends it.\n"))
    click.echo(f"  Kitchen screen   {screen}")
    click.echo(f"  Endpoint         {ready.ingress}/bbot/{identity.endpoint}")
    click.echo(f"  User, password   {identity.username} {identity.password}")
    click.echo(f"  Promo codes      {' '.join(CODES)}")
    if site.pos_control:
        click.echo(f"  POS control      {site.pos_control}")
    click.echo(style("\nPost the platform's sample order:\n"))
    click.echo(
        f"  curl -u {identity.username}:{identity.password} -H 'Content-Type: application/json' "
        f"--data-binary @{site.sample} {hook}\n"
    )
    click.echo(f"Its life: {sys.argv[0]} orders --socket {site.socket}")


def _style() -> Callable[[str], str]:
    plain = "NO_COLOR" in os.environ
    return (lambda text: text) if plain else (lambda text: click.style(text, bold=True))
