"""What can be set, as frozen models; the example files and the README tables come from here."""

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from pydantic import AfterValidator, BeforeValidator, Field

from bridge.config.kinds import (
    Address,
    Allowed,
    Count,
    HostPort,
    Identifiers,
    Place,
    Reserve,
    Seconds,
    Section,
    Servers,
    SocketPlace,
    WebAddress,
    parse_address,
)
from bridge.config.problem import suggestion
from bridge.config.restaurant import Restaurant
from bridge.config.secret import Secret
from bridge.sources.bbot import Hook

CONSOLE = "127.0.0.1:8081"
WORKER_CONSOLE = "127.0.0.1:8082"
# Begins the endpoint's id in the example files, which everybody knows.
PLACEHOLDER = "REPLACE"

_HOOKS = ", ".join(f'"{hook}"' for hook in Hook)


class Ingress(Section):
    """The listener that the ordering platform calls."""

    listen: HostPort = Field(
        default="127.0.0.1:8080",
        title="Listener",
        description="Where the platform's calls arrive. Put a reverse proxy with TLS in front.",
    )
    order_budget: Seconds = Field(
        default=2.5,
        gt=0,
        le=30,
        title="Budget of an order",
        description="The answer to an order hook is out within this time, counted from its first "
        "byte. Must be shorter than the platform's patience.",
    )
    promo_budget: Seconds = Field(
        default=1.0,
        gt=0,
        le=30,
        title="Budget of a price check",
        description="The same for a price check and for the start of a checkout.",
    )
    max_body: Count = Field(
        default=262144,
        ge=1024,
        le=16777216,
        title="Longest body",
        description="Bytes that the body of one call may have; a longer one is refused.",
    )
    header_timeout: Seconds = Field(
        default=5.0,
        gt=0,
        le=60,
        title="Time for the headers",
        description="A caller has this long to send the headers of a request, counted from its "
        "first byte (with keep_alive = 0 from the connection on); then the connection is closed. "
        "Silence before that byte is a matter of keep_alive.",
    )
    body_timeout: Seconds = Field(
        default=5.0,
        gt=0,
        le=60,
        title="Time for the body",
        description="A caller has this long to send its body, counted from the end of the headers; "
        "never longer than the budget of its hook leaves, which began with the first byte.",
    )
    keep_alive: Seconds = Field(
        default=30.0,
        ge=0,
        le=3600,
        title="Keep-alive",
        description="An idle connection is closed after this time; 0 closes it after each answer.",
    )
    max_connections: Count = Field(
        default=1000,
        ge=1,
        le=65535,
        title="Connections in all",
        description="Open connections at once; one more is closed at once.",
    )
    max_connections_per_address: Count = Field(
        default=1000,
        ge=1,
        le=65535,
        title="Connections of one address",
        description="The same for one calling address. The platform calls from few addresses, and "
        "a reverse proxy from one: lower it only where strangers can reach the listener.",
    )

    @property
    def address(self) -> Address:
        return parse_address(self.listen)


class Console(Section):
    """The pages for kitchen and operators, the API behind them, health and metrics."""

    listen: HostPort | None = Field(
        default=None,
        title="Listener",
        description=f"Where the console is served. Without it: {CONSOLE}, and {WORKER_CONSOLE} in "
        "a process that is only a worker.",
        examples=[CONSOLE],
    )
    token: Secret | None = Field(
        default=None,
        title="Token",
        description="Asked of every caller over TCP, for all but health, metrics and schemas. "
        "Without it nobody can open the console there, so no kitchen screen either. The commands "
        "of this machine use the socket and need none.",
        examples=[{"credential": "console-token"}],
    )
    url: WebAddress = Field(
        default="",
        title="Public address",
        description="Where people reach this console; other processes show it as a link.",
        examples=["https://kitchen.example.net"],
    )
    socket: SocketPlace = Field(
        default=Path("/run/pos-bridge/console.sock"),
        title="Command socket",
        description="The unix socket that the commands on this machine use. Its folder is made if "
        "it is missing. Only the daemon's own user and root may open it; they need no token.",
    )

    def address(self, *, worker_only: bool = False) -> Address:
        """Where to listen; the default depends on the process's role."""
        return parse_address(self.listen or (WORKER_CONSOLE if worker_only else CONSOLE))


class Ledger(Section):
    """The durable record of all orders."""

    directory: Place = Field(
        default=Path("/var/lib/pos-bridge"),
        title="Directory",
        description="Where the ledger is kept. On a local disk that survives a power cut, never "
        "on a network share; one directory for each process.",
    )
    keep_carts: Count = Field(
        default=72,
        ge=1,
        le=87600,
        title="Price checks",
        description="Hours for which price checks are kept, and the bodies of checkout starts. "
        "Orders, and all that was told of them, are kept longer.",
    )
    ballast: Reserve = Field(
        default=64,
        title="Ballast",
        description="Megabytes that a file beside the ledger keeps for a disk that is full: it is "
        "given up then, so that what becomes of orders with a yes can still be written, and made "
        "again when there is room. 0: none; one of less than 5 would be used up before it helps.",
    )
    warn_below: Count = Field(
        default=512,
        ge=0,
        le=1048576,
        title="Warning of a full disk",
        description="With fewer megabytes free, log, doctor and status ask for room. 0: never.",
    )
    refuse_below: Count = Field(
        default=128,
        ge=0,
        le=1048576,
        title="No new orders",
        description="With fewer megabytes free, what is left is for orders that got a yes: a new "
        "one is answered 503, and price checks and refusals are not kept. 0: never.",
    )


class Broker(Section):
    """RabbitMQ between ingress and worker. Without this section one process does both."""

    hosts: Servers = Field(
        default=("127.0.0.1:5672",),
        title="Servers",
        description="The nodes of the cluster; tried until one answers.",
        examples=[["rabbit-1.example.net:5671", "rabbit-2.example.net:5671"]],
    )
    username: Annotated[str, Allowed("text of 1 to 255 characters")] = Field(
        min_length=1,
        max_length=255,
        title="User",
        description="RabbitMQ user of the bridge.",
        examples=["pos-bridge"],
    )
    password: Secret = Field(
        title="Password",
        description="That user's password.",
        examples=[{"credential": "broker-password"}],
    )
    virtual_host: Annotated[str, Allowed("text of 1 to 255 characters")] = Field(
        default="/",
        min_length=1,
        max_length=255,
        title="Virtual host",
        description="RabbitMQ virtual host.",
    )
    tls: bool = Field(
        default=False,
        title="TLS",
        description="Speak TLS with the servers, usually at port 5671; their certificates are "
        "verified.",
        examples=[True],
    )
    ca_file: Place | None = Field(
        default=None,
        title="Certificate authority",
        description="PEM file with the authority that signed the servers' certificates, if it is "
        "not one that this machine trusts already. Only with tls = true.",
        examples=["/etc/pos-bridge/broker-ca.pem"],
    )
    prefix: Annotated[str, Allowed("1 to 64 of a-z 0-9 . -")] = Field(
        default="pos-bridge",
        pattern=r"^[a-z0-9.-]{1,64}$",
        title="Prefix",
        description="Begins the name of every exchange and queue. The same in every process that "
        "belongs together; different where two installations share a virtual host.",
    )
    channels: Count = Field(
        default=8,
        ge=1,
        le=64,
        title="Channels",
        description="Channels on which events are published side by side.",
    )
    idle_expiry: Count = Field(
        default=0,
        ge=0,
        le=2_592_000,
        title="Expiry of idle queues",
        description="The server deletes a queue that nobody used for so many seconds; 0: never. "
        "For trials, so that they leave nothing behind. A queue cannot change it: use another "
        "prefix, or delete the queues.",
    )

    def urls(self) -> list[str]:
        """One address for each server, with the password in it: never log them."""
        scheme = "amqps" if self.tls else "amqp"
        user, password = quote(self.username, safe=""), quote(self.password.reveal(), safe="")
        path = quote(self.virtual_host, safe="")
        query = f"?{urlencode({'cafile': str(self.ca_file)})}" if self.ca_file else ""
        return [f"{scheme}://{user}:{password}@{host}/{path}{query}" for host in self.hosts]


class Log(Section):
    """What the daemon tells on its standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", title="Level", description="Nothing below this level is logged."
    )
    format: Literal["json", "console"] = Field(
        default="json",
        title="Format",
        description="json for the journal and for machines, console for people at a terminal.",
    )


def _check_hook(value: Any) -> Any:
    if value not in tuple(Hook):
        raise ValueError(suggestion(str(value), Hook))
    return value


def _check_hooks(hooks: tuple[Hook, ...]) -> tuple[Hook, ...]:
    if not hooks:
        raise ValueError("without one the credentials protect nothing; leave it out for the usual")
    return hooks


class Endpoint(Section):
    """One webhook address with its credentials, belonging to some restaurants."""

    id: Annotated[str, Allowed("16 to 128 of A-Z a-z 0-9 _ -, impossible to guess")] = Field(
        pattern=r"^[A-Za-z0-9_-]{16,128}$",
        title="Id",
        description="Part of the address: /bbot/ID/order-injection. `openssl rand -hex 16` makes "
        "a good one.",
        examples=[f"{PLACEHOLDER}-by-your-own-0000000000"],
    )
    source: Literal["bbot"] = Field(
        default="bbot", title="Source", description="The ordering platform that calls it."
    )
    username: Annotated[str, Allowed("text of 1 to 255 characters, without a colon")] = Field(
        pattern=r"^[^:\x00-\x1f\x7f]{1,255}$",
        title="User",
        description="User name that the platform sends (HTTP Basic).",
        examples=["bbot"],
    )
    password: Secret = Field(
        title="Password",
        description="Password that the platform sends.",
        examples=[{"credential": "bbot-password"}],
    )
    require_basic: Annotated[
        tuple[Annotated[Hook, BeforeValidator(_check_hook)], ...],
        AfterValidator(_check_hooks),
        Allowed(f"an array of one or more of {_HOOKS}"),
    ] = Field(
        default=(Hook.ORDER_INJECTION, Hook.ORDER_CHANGE),
        title="Hooks with credentials",
        description="The hooks whose calls must bring user and password (HTTP Basic); Bbot "
        "promises them for the two order hooks only. For the others the address is enough, because "
        "nobody guesses it. Wrong credentials are refused at every hook.",
    )
    restaurants: Identifiers = Field(
        title="Restaurants",
        description="Ids of the restaurants whose orders may come this way.",
        examples=[["harbour-grill", "corner-cafe"]],
    )


class MainFile(Section):
    """What stands in the main file and may be overridden by the environment."""

    restaurants_directory: Place = Field(
        default=Path("restaurants"),
        title="Restaurants",
        description="Folder with one file for each restaurant; every *.toml in it is read.",
    )
    ingress: Ingress = Ingress()
    console: Console = Console()
    ledger: Ledger = Ledger()
    broker: Broker | None = None
    log: Log = Log()
    endpoints: tuple[Endpoint, ...] = ()


class Config(MainFile):
    """The whole configuration, checked. Can be built in code, too."""

    restaurants: tuple[Restaurant, ...] = ()
