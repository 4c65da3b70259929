"""The example of the vendor's guide is installed as a vendor would and run against the fake POS."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from bridge import registry
from bridge.adapter import (
    AdapterMisconfigured,
    OperatorNeeded,
    OutcomeUnknown,
    PosBusy,
    PosUnreachable,
    TicketRejected,
)
from bridge.model import Deadline, PosState, Slip, SlipKind
from bridge.testing.behaviour import busy, drop, error, needs_operator, refuse_login, reject
from bridge.testing.conformance import AdapterConformance
from bridge.testing.fake_pos import FakePos
from bridge.testing.orders import OrderFactory
from bridge.testing.services import open_services

GUIDE = (Path(__file__).parents[2] / "adapters" / "README.md").read_text("utf-8")


def block(language, holding):
    blocks = re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    return next(text for text in blocks if holding in text)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The example's class, as the registry finds and loads it."""
    entries = tomllib.loads(block("toml", "acme"))["project"]["entry-points"][registry.GROUP]
    (tmp_path / "acme_pos_bridge.py").write_text(block("python", "class AcmeAdapter"))
    info = tmp_path / "acme_pos_bridge-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-pos-bridge\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{registry.GROUP}]\nacme = {entries['acme']}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield registry.load("acme")
    sys.modules.pop("acme_pos_bridge", None)


@pytest.fixture
async def pos():
    async with FakePos() as pos:
        yield pos


@pytest.fixture
async def acme(installed, pos):
    async with open_services() as services:
        yield installed(installed.spec.settings(url=pos.url), services)


class TestAcme(AdapterConformance):
    @pytest.fixture
    def adapter(self, installed, pos, services):
        return installed(installed.spec.settings(url=pos.url), services)

    @pytest.fixture
    def unreachable(self, installed, services):
        return installed(installed.spec.settings(url="http://127.0.0.1:1"), services)

    @pytest.fixture
    def count(self, pos):
        return lambda: len(pos.tickets)


@pytest.mark.parametrize(
    ("behaviour", "raised"),
    [
        (busy(), PosBusy),
        (reject("no such dish"), TicketRejected),
        (refuse_login(), AdapterMisconfigured),
        (needs_operator(), OperatorNeeded),
        (error(), OutcomeUnknown),
        (drop(keeps=True), OutcomeUnknown),
    ],
    ids=lambda value: getattr(value, "name", None),
)
async def test_its_errors_are_those_the_guide_explains(acme, pos, behaviour, raised):
    pos.script(behaviour)
    with pytest.raises(raised):
        await acme.submit(acme.translate(OrderFactory(1).order(), Slip(kind=SlipKind.PLACE)), "key")


async def test_it_sees_a_pos_go_down(acme, pos):
    assert (await acme.probe(Deadline.after(2))).state is PosState.UP
    await pos.stop_listening()
    assert (await acme.probe(Deadline.after(2))).state is PosState.DOWN
    with pytest.raises(PosUnreachable):
        await acme.submit(acme.translate(OrderFactory(1).order(), Slip(kind=SlipKind.PLACE)), "key")


async def test_a_wrong_address_is_no_fault_of_the_ticket(installed, pos):
    async with open_services() as services:
        acme = installed(installed.spec.settings(url=f"{pos.url}/elsewhere"), services)
        ticket = acme.translate(OrderFactory(1).order(), Slip(kind=SlipKind.PLACE))
        with pytest.raises(AdapterMisconfigured, match="404"):
            await acme.submit(ticket, "key")
        found = await acme.probe(Deadline.after(2))
    assert found.state is PosState.DOWN
    assert "404" in found.reason


async def test_it_sees_that_a_pos_is_closed_and_what_is_sold_out(acme, pos):
    pos.closed, pos.sold_out = "kitchen closed at ten", frozenset({"ceviche"})
    found = await acme.probe(Deadline.after(2))
    assert (found.state, found.reason) == (PosState.CLOSED, "kitchen closed at ten")
    assert found.sold_out == {"ceviche"}


def test_the_guide_lists_every_error():
    from bridge.adapter import errors  # noqa: PLC0415  only this test looks at the module

    names = {name for name in vars(errors) if name[0].isupper()} - {"AdapterError"}
    assert all(f"| `{name}" in GUIDE for name in names)


def test_the_guides_test_is_a_conformance_test():
    assert "(AdapterConformance)" in block("python", "class TestAcme")


def test_the_guides_test_finds_its_pos():
    (port,) = re.findall(r"python -m bridge\.testing\.fake_pos --port (\d+)", GUIDE)
    assert f"127.0.0.1:{port}" in block("python", "class TestAcme")
