"""The suite finds what it is there to find."""

import asyncio
from itertools import count

import pytest

from bridge.adapter import (
    Adapter,
    AdapterSpec,
    Blind,
    Capability,
    Idempotent,
    ReadBack,
    TicketRejected,
)
from bridge.model import Acceptance, Availability, SlipKind, Ticket
from bridge.testing import conformance
from bridge.testing.conformance import AdapterConformance, is_readable
from bridge.testing.orders import OrderFactory

SUITE = AdapterConformance()
ORDER = OrderFactory(1).order(units=3)


class Good(Adapter):
    """Keeps every promise; each test breaks one."""

    spec = AdapterSpec(
        name="good", title="Good", repeat=Idempotent(window=60), slips=frozenset(SlipKind)
    )

    def __init__(self):
        super().__init__(settings=None, services=None)
        self.keys = []

    async def probe(self, deadline):
        return Availability.up()

    def translate(self, order, slip):
        return Ticket(body=b"x", content_type="text/plain", preview="x")

    async def submit(self, ticket, key):
        if key not in self.keys:
            self.keys.append(key)
        return Acceptance(pos_ref=key)


async def test_a_good_adapter_passes():
    good = Good()
    await SUITE.test_spec_and_methods_agree(good)
    await SUITE.test_every_slip_it_names_can_be_translated(good, ORDER)
    await SUITE.test_the_same_key_twice_makes_one_ticket(good, ORDER, lambda: len(good.keys))
    await SUITE.test_ten_tickets_at_once_get_ten_references(good, ORDER)


async def test_a_claim_without_its_method_is_found():
    class Boaster(Good):
        spec = AdapterSpec(
            name="b", title="B", repeat=Blind(), capabilities=frozenset({Capability.REFUND})
        )

    with pytest.raises(AssertionError):
        await SUITE.test_spec_and_methods_agree(Boaster())


async def test_a_ticket_that_changes_by_itself_is_found():
    class Restless(Good):
        numbers = count()

        def translate(self, order, slip):
            return Ticket(body=b"%d" % next(self.numbers), content_type="", preview="x")

    with pytest.raises(AssertionError):
        await SUITE.test_translate_gives_the_same_ticket_for_the_same_order(Restless(), ORDER)


async def test_a_preview_that_nobody_can_read_is_found():
    class Raw(Good):
        def translate(self, order, slip):
            return Ticket(body=b"x", content_type="", preview="\x1b@")

    with pytest.raises(AssertionError, match="not printable"):
        await SUITE.test_every_slip_it_names_can_be_translated(Raw(), ORDER)


async def test_a_rejection_without_a_reason_is_found():
    class Silent(Good):
        def translate(self, order, slip):
            raise TicketRejected("")

    with pytest.raises(AssertionError, match="reason"):
        await SUITE.test_an_odd_order_is_translated_or_rejected_in_words(Silent(), ORDER)


async def test_a_second_ticket_under_one_key_is_found():
    class Twice(Good):
        async def submit(self, ticket, key):
            self.keys.append(key)
            return Acceptance(pos_ref=key)

    twice = Twice()
    with pytest.raises(AssertionError, match="one ticket more"):
        await SUITE.test_the_same_key_twice_makes_one_ticket(twice, ORDER, lambda: len(twice.keys))


async def test_a_race_between_tries_of_one_key_is_found():
    class Racy(Good):
        async def submit(self, ticket, key):
            known = key in self.keys
            await asyncio.sleep(0)
            if not known:
                self.keys.append(key)
            return Acceptance(pos_ref=key)

    racy = Racy()
    with pytest.raises(AssertionError, match="one ticket more"):
        await SUITE.test_the_same_key_from_four_tries_at_once_makes_one_ticket(
            racy, ORDER, lambda: len(racy.keys)
        )


async def test_a_look_up_that_knows_nothing_is_found():
    class Forgetful(Good):
        spec = AdapterSpec(
            name="f",
            title="F",
            repeat=ReadBack(lag=0),
            capabilities=frozenset({Capability.LOOKUP}),
        )

        async def find(self, key):
            return None

    with pytest.raises(AssertionError, match="does not know a ticket"):
        await SUITE.test_a_ticket_can_be_read_back_after_its_lag(Forgetful(), ORDER)


async def test_a_probe_that_waits_for_ever_is_found(monkeypatch):
    class Stuck(Good):
        async def probe(self, deadline):
            await asyncio.Event().wait()

    monkeypatch.setattr(conformance, "PATIENCE", 0.01)
    with pytest.raises(TimeoutError):
        await SUITE.test_the_probe_obeys_its_deadline(Stuck())


async def test_one_reference_for_ten_tickets_is_found():
    class Same(Good):
        async def submit(self, ticket, key):
            return Acceptance(pos_ref="1")

    with pytest.raises(AssertionError):
        await SUITE.test_ten_tickets_at_once_get_ten_references(Same(), ORDER)


@pytest.mark.parametrize("text", ["", "\n", "a\tb", "a\x00"])
def test_unreadable_text_is_told_from_readable(text):
    assert not is_readable(text)


def test_several_lines_are_readable():
    assert is_readable("Ceviche\n  Èclairs 🌶️\n")
