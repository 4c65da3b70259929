from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from bridge.config import (
    Address,
    Broker,
    Config,
    Console,
    Endpoint,
    Ingress,
    Restaurant,
    Secret,
    describe,
)
from bridge.sources.bbot import Hook

GRILL = Restaurant(id="grill", name="Grill", timezone="Europe/Vienna", adapter="board")
BROKER = Broker(username="pos bridge", password=Secret.of("p@ss/w:rd"))


def test_a_configuration_can_be_built_in_code():
    config = Config(ingress=Ingress(listen="127.0.0.1:0"), restaurants=(GRILL,))
    assert config.ingress.address == Address("127.0.0.1", 0)


def test_code_is_not_overridden_by_the_environment(monkeypatch):
    monkeypatch.setenv("POS_BRIDGE__INGRESS__LISTEN", "127.0.0.1:9")
    assert Config().ingress.listen == "127.0.0.1:8080"


def test_a_configuration_cannot_be_changed():
    with pytest.raises(ValidationError):
        Config().ingress.listen = "127.0.0.1:9"


def test_the_console_of_a_worker_has_its_own_default():
    assert Console().address() == Address("127.0.0.1", 8081)
    assert Console().address(worker_only=True) == Address("127.0.0.1", 8082)


def test_a_console_that_is_set_is_the_same_in_every_role():
    assert Console(listen="[::1]:9").address(worker_only=True) == Address("::1", 9)


def test_the_address_of_the_broker_quotes_user_password_and_virtual_host():
    assert BROKER.urls() == ["amqp://pos%20bridge:p%40ss%2Fw%3Ard@127.0.0.1:5672/%2F"]


def test_there_is_one_address_for_each_server():
    broker = BROKER.model_copy(update={"hosts": ("a:1", "b:2"), "tls": True})
    assert [url.rpartition("@")[2] for url in broker.urls()] == ["a:1/%2F", "b:2/%2F"]
    assert broker.urls()[0].startswith("amqps://")


def test_the_certificate_authority_travels_with_the_address():
    broker = BROKER.model_copy(update={"tls": True, "ca_file": Path("/etc/ca 1.pem")})
    assert broker.urls()[0].endswith("?cafile=%2Fetc%2Fca+1.pem")


def test_a_restaurant_knows_its_zone():
    assert GRILL.zone == ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize("listen", ["", "8080", ":8080", "h", "h:", "h:x", "u@h:1", "::1:80"])
def test_a_listener_is_host_and_port(listen):
    with pytest.raises(ValidationError):
        Ingress(listen=listen)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../etc/passwd", "/etc/localtime", "Europe"])
def test_a_time_zone_is_one_that_the_machine_knows(name):
    with pytest.raises(ValidationError):
        Restaurant(id="a", name="A", timezone=name, adapter="board")


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a" * 65, "é"])
def test_an_id_fits_into_addresses_and_queue_names(name):
    with pytest.raises(ValidationError):
        Restaurant(id=name, name="A", timezone="UTC", adapter="board")


def test_the_path_of_a_socket_fits_the_kernel():
    with pytest.raises(ValidationError):
        Console(socket=Path("/" + "x" * 107))


def test_a_description_has_no_secret_and_no_value_of_an_adapter():
    endpoint = Endpoint(
        id="0123456789abcdef",
        username="bbot",
        password=Secret.of("hunter2"),
        restaurants=("grill",),
    )
    grill = GRILL.model_copy(update={"settings": {"pin": "4711", "host": "pos"}})
    shown = describe(Config(endpoints=(endpoint,), restaurants=(grill,), broker=BROKER))
    assert shown["endpoints"][0]["password"] == "configured"
    assert shown["endpoints"][0]["id"] == "0123..."
    assert shown["restaurants"][0]["settings"] == ["host", "pin"]
    assert shown["ledger"]["directory"] == "/var/lib/pos-bridge"
    assert shown["console"]["token"] is None


def an_endpoint(**more):
    fields = {"id": "0123456789abcdef", "username": "bbot", "password": Secret.of("hunter2")}
    return Endpoint(**fields, restaurants=("grill",), **more)


def test_bbot_sends_credentials_with_orders_only():
    assert an_endpoint().require_basic == ("order-injection", "order-change")


def test_every_hook_may_ask_for_credentials():
    assert an_endpoint(require_basic=tuple(Hook)).require_basic == tuple(Hook)


@pytest.mark.parametrize(
    ("hooks", "hint"),
    [
        ((), "the credentials protect nothing"),
        (("order-injectoin",), 'did you mean "order-injection"'),
        (("promo", 3), "require_basic.1"),
        (([],), "require_basic.0"),
    ],
)
def test_credentials_are_asked_for_at_hooks_that_exist(hooks, hint):
    with pytest.raises(ValidationError, match=hint):
        an_endpoint(require_basic=hooks)
