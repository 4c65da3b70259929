import stat
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import BaseModel, Field, model_validator

from bridge import registry
from bridge.cli.demo_site import RESTAURANT, SOCKET_LIMIT, Wish, open_site


@pytest.fixture
def wish(tmp_path):
    def wish(**more):
        fields = {
            "directory": tmp_path,
            "port": 0,
            "console_port": 0,
            "broker": "",
            "adapter": "board",
            "settings": (),
            "when_down": "refuse",
        }
        return Wish(**{**fields, **more})

    return wish


def test_its_identity_outlives_a_restart(wish):
    assert open_site(wish()).identity == open_site(wish()).identity


def test_each_directory_has_its_own_secrets(wish, tmp_path):
    (tmp_path / "other").mkdir()
    one, other = open_site(wish()), open_site(wish(directory=tmp_path / "other"))

    assert one.identity.password != other.identity.password
    assert one.identity.endpoint != other.identity.endpoint


def test_nobody_else_may_read_its_secrets(wish, tmp_path):
    open_site(wish())

    assert stat.S_IMODE((tmp_path / "demo.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"endpoint": "e"}'])
def test_a_file_that_is_not_a_demos_is_left_alone(wish, tmp_path, text):
    (tmp_path / "demo.json").write_text(text)
    with pytest.raises(ValueError, match=r"demo\.json is not a demo's"):
        open_site(wish())

    assert (tmp_path / "demo.json").read_text() == text


def test_its_configuration_is_complete(wish):
    config = open_site(wish()).build_config()

    assert [one.id for one in config.restaurants] == [RESTAURANT]
    assert config.endpoints[0].restaurants == (RESTAURANT,)
    assert config.broker is None


def test_the_file_adapter_gets_a_directory(wish, tmp_path):
    config = open_site(wish(adapter="file")).build_config()

    assert config.restaurants[0].settings == {"directory": str(tmp_path / "tickets")}
    assert stat.S_IMODE((tmp_path / "tickets").stat().st_mode) == 0o700


async def test_the_fake_adapter_gets_a_pos(wish):
    site = open_site(wish(adapter="fake"))
    async with site.pos():
        settings = site.build_config().restaurants[0].settings

    assert settings["url"].startswith("http://127.0.0.1:")
    assert site.pos_control


def test_a_setting_given_by_hand_wins(wish, tmp_path):
    config = open_site(wish(adapter="file", settings=(f"directory={tmp_path}",))).build_config()

    assert config.restaurants[0].settings["directory"] == str(tmp_path)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"adapter": "fike"}, "fike"),
        ({"settings": ("columns=40",)}, "board has no setting columns; it has: none"),
        ({"adapter": "file", "settings": ("columns",)}, "write KEY=VALUE"),
        ({"adapter": "file", "settings": ("columns=wide",)}, "--set columns: "),
        ({"adapter": "file", "settings": ("columns=wide", "directory=x")}, "; --set columns: "),
        ({"broker": "localhost"}, "--broker: write amqp://"),
        ({"broker": "amqp://localhost:99999999"}, "Port out of range"),
    ],
)
def test_a_wrong_wish_is_told(wish, more, said):
    with pytest.raises(ValueError, match=said):
        open_site(wish(**more))


class AcmeSettings(BaseModel):
    url: str = Field(description="Address of the till.")
    key: str
    lanes: int = 1

    @model_validator(mode="after")
    def _agree(self):
        if self.lanes > len(self.url):
            raise ValueError("too many lanes for that address")
        return self


@pytest.fixture
def acme(monkeypatch):
    """A vendor's adapter, which the demo knows nothing of."""
    found = SimpleNamespace(spec=SimpleNamespace(settings=AcmeSettings))
    monkeypatch.setattr(registry, "load", lambda _name: found)
    return "acme"


def test_settings_that_an_adapter_needs_are_told_with_the_way_to_give_them(wish, acme):
    with pytest.raises(ValueError, match="needs the setting") as caught:
        open_site(wish(adapter=acme))

    assert str(caught.value) == (
        "acme needs the setting url (Address of the till): give it with --set url=VALUE; "
        "acme needs the setting key: give it with --set key=VALUE"
    )


def test_settings_that_disagree_are_told_in_the_adapters_words(wish, acme):
    with pytest.raises(ValueError, match=r"^acme: .*too many lanes"):
        open_site(wish(adapter=acme, settings=("url=x", "key=k", "lanes=2")))


def test_an_adapter_that_got_what_it_needs_is_content(wish, acme):
    site = open_site(wish(adapter=acme, settings=("url=http://till", "key=k")))

    assert site.build_config().restaurants[0].settings == {"url": "http://till", "key": "k"}


@pytest.mark.parametrize(
    ("url", "hosts", "user", "virtual_host", "tls"),
    [
        ("amqp://rabbit", ("rabbit:5672",), "guest", "/", False),
        ("amqps://rabbit", ("rabbit:5671",), "guest", "/", True),
        ("amqp://a%40b:c@rabbit:1/x%2Fy", ("rabbit:1",), "a@b", "x/y", False),
        ("amqp://[::1]:1", ("[::1]:1",), "guest", "/", False),
    ],
)
def test_an_address_of_a_broker_is_read_as_everywhere(wish, url, hosts, user, virtual_host, tls):
    broker = open_site(wish(broker=url)).build_config().broker

    assert (broker.hosts, broker.username, broker.virtual_host, broker.tls) == (
        hosts,
        user,
        virtual_host,
        tls,
    )


def test_what_a_demo_leaves_at_a_broker_is_its_own_and_expires(wish):
    site = open_site(wish(broker="amqp://rabbit"))
    broker = site.build_config().broker

    assert site.identity.endpoint[:8] in broker.prefix
    assert broker.idle_expiry


def test_the_socket_lies_in_the_directory(wish, tmp_path):
    assert open_site(wish()).socket == tmp_path / "console.sock"


def test_or_elsewhere_where_its_name_would_be_too_long(wish, tmp_path):
    deep = tmp_path / ("d" * SOCKET_LIMIT)
    deep.mkdir()
    socket = open_site(wish(directory=deep)).socket

    assert isinstance(socket, Path)
    assert len(str(socket)) <= SOCKET_LIMIT
