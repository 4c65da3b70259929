"""The facts that every adapter must keep, as a pytest class to subclass.

    class TestMyPos(AdapterConformance):
        @pytest.fixture
        def adapter(self, services):
            return MyAdapter(MySettings(url="http://127.0.0.1:9000"), services)

`adapter` is fresh and not yet opened. Override `order` to test with one of your own, `unreachable`
with the adapter of a POS that is not there, and `count` with a function that says how many tickets
the POS really has: then "one ticket" is counted.
"""
# ruff: noqa: S101, PT017  assertions are the point of this module, and some errors are right

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import pytest_asyncio

from bridge.adapter import (
    Adapter,
    AdapterError,
    AdapterMisconfigured,
    Idempotent,
    Lookup,
    OperatorNeeded,
    PosUnreachable,
    ReadBack,
    Services,
    TicketRejected,
    spec_problems,
)
from bridge.model import (
    Availability,
    Deadline,
    Difference,
    Operation,
    Order,
    Slip,
    SlipKind,
    effect_key,
)
from bridge.testing.orders import MOST_UNITS, OrderFactory
from bridge.testing.services import open_services

PLACE = Slip(kind=SlipKind.PLACE)

# Seconds beyond a deadline, for a busy machine: what must not happen is waiting for the POS.
PATIENCE = 2.0


class AdapterConformance:
    """Subclass it, name the fixture `adapter`, run pytest."""

    @pytest_asyncio.fixture
    async def services(self) -> AsyncIterator[Services]:
        async with open_services() as services:
            yield services

    @pytest.fixture
    def adapter(self) -> Adapter:
        raise NotImplementedError("name a fixture `adapter` that returns your adapter, not opened")

    @pytest.fixture
    def order(self) -> Order:
        return OrderFactory(seed=1).order(units=5)

    @pytest.fixture
    def unreachable(self) -> Adapter | None:
        """The adapter with a POS that is not there; None if that cannot be."""
        return None

    @pytest.fixture
    def count(self) -> Callable[[], int] | None:
        """How many tickets the POS has now; None if that cannot be counted."""
        return None

    @pytest.mark.asyncio
    async def test_spec_and_methods_agree(self, adapter: Adapter) -> None:
        assert spec_problems(type(adapter)) == []

    @pytest.mark.asyncio
    async def test_translate_gives_the_same_ticket_for_the_same_order(
        self, adapter: Adapter, order: Order
    ) -> None:
        assert adapter.translate(order, PLACE) == adapter.translate(order, PLACE)

    @pytest.mark.asyncio
    async def test_every_slip_it_names_can_be_translated(
        self, adapter: Adapter, order: Order
    ) -> None:
        for kind in adapter.spec.slips:
            ticket = adapter.translate(order, slip_of(kind))
            assert ticket.body, f"the ticket of a {kind} is empty"
            assert is_readable(ticket.preview), f"the preview of a {kind} is not printable text"

    @pytest.mark.asyncio
    async def test_an_odd_order_is_translated_or_rejected_in_words(
        self, adapter: Adapter, order: Order
    ) -> None:
        for odd in odd_orders(order):
            try:
                ticket = adapter.translate(odd, PLACE)
            except TicketRejected as rejection:
                assert str(rejection), "a rejection must give its reason"
            else:
                assert is_readable(ticket.preview), "the preview of an odd order is not printable"

    @pytest.mark.asyncio
    async def test_a_ticket_gets_a_reference(self, adapter: Adapter, order: Order) -> None:
        async with opened(adapter):
            acceptance = await adapter.submit(adapter.translate(order, PLACE), key_of(order))
        assert acceptance.pos_ref

    @pytest.mark.asyncio
    async def test_the_same_key_twice_makes_one_ticket(
        self, adapter: Adapter, order: Order, count: Callable[[], int] | None
    ) -> None:
        if not isinstance(adapter.spec.repeat, Idempotent):
            pytest.skip("it does not declare Idempotent")
        ticket, before = adapter.translate(order, PLACE), count() if count else 0
        async with opened(adapter):
            first = await adapter.submit(ticket, key_of(order))
            second = await adapter.submit(ticket, key_of(order))
        assert first.pos_ref == second.pos_ref, "the second try must name the first one's ticket"
        assert count is None or count() == before + 1, "the POS has not exactly one ticket more"

    @pytest.mark.asyncio
    async def test_the_same_key_from_four_tries_at_once_makes_one_ticket(
        self, adapter: Adapter, order: Order, count: Callable[[], int] | None
    ) -> None:
        if not isinstance(adapter.spec.repeat, Idempotent):
            pytest.skip("it does not declare Idempotent")
        ticket, before = adapter.translate(order, PLACE), count() if count else 0
        async with opened(adapter):
            found = await asyncio.gather(*(adapter.submit(ticket, key_of(order)) for _ in range(4)))
        assert len({acceptance.pos_ref for acceptance in found}) == 1
        assert count is None or count() == before + 1, "the POS has not exactly one ticket more"

    @pytest.mark.asyncio
    async def test_a_ticket_can_be_read_back_after_its_lag(
        self, adapter: Adapter, order: Order
    ) -> None:
        if not isinstance(adapter, Lookup):
            pytest.skip("it has no find")
        repeat = adapter.spec.repeat
        async with opened(adapter):
            assert await adapter.find(key_of(order)) is None, "find knows a key never sent"
            accepted = await adapter.submit(adapter.translate(order, PLACE), key_of(order))
            await asyncio.sleep(repeat.lag if isinstance(repeat, ReadBack) else 0)
            found = await adapter.find(key_of(order))
        assert found is not None, "find does not know a ticket that was accepted"
        assert found.pos_ref == accepted.pos_ref

    @pytest.mark.asyncio
    async def test_ten_tickets_at_once_get_ten_references(
        self, adapter: Adapter, order: Order
    ) -> None:
        orders = [replace(order, id=f"{order.id}-{number}") for number in range(10)]
        async with opened(adapter):
            found = await asyncio.gather(
                *(adapter.submit(adapter.translate(one, PLACE), key_of(one)) for one in orders)
            )
        assert len({acceptance.pos_ref for acceptance in found}) == len(orders)

    @pytest.mark.asyncio
    async def test_the_probe_says_what_it_found(self, adapter: Adapter) -> None:
        async with opened(adapter):
            assert isinstance(await adapter.probe(Deadline.after(5.0)), Availability)

    @pytest.mark.asyncio
    async def test_the_probe_obeys_its_deadline(self, adapter: Adapter) -> None:
        async with opened(adapter):
            try:
                async with asyncio.timeout(PATIENCE):
                    await adapter.probe(Deadline.after(0.0))
            except AdapterError as error:
                assert str(error), "an error must say what was found"

    @pytest.mark.asyncio
    async def test_without_its_pos_nothing_counts_as_sent(
        self, unreachable: Adapter | None, order: Order
    ) -> None:
        if unreachable is None:
            pytest.skip("the fixture `unreachable` is not given")
        ticket = unreachable.translate(order, PLACE)
        with pytest.raises((PosUnreachable, AdapterMisconfigured, OperatorNeeded)):
            async with opened(unreachable):
                await unreachable.submit(ticket, key_of(order))
        await unreachable.close()

    @pytest.mark.asyncio
    async def test_closing_twice_is_forgiven(self, adapter: Adapter) -> None:
        await adapter.open()
        await adapter.close()
        await adapter.close()

    @pytest.mark.asyncio
    async def test_closing_without_opening_is_forgiven(self, adapter: Adapter) -> None:
        await adapter.close()


@asynccontextmanager
async def opened(adapter: Adapter) -> AsyncIterator[None]:
    """Open for the length of a block."""
    await adapter.open()
    try:
        yield
    finally:
        await adapter.close()


def key_of(order: Order) -> str:
    """A key like those the lane hands over."""
    return effect_key(order.restaurant, order.id, Operation.PLACE, 1)


def slip_of(kind: SlipKind) -> Slip:
    """A slip of that kind with everything a heading may show."""
    return Slip(
        kind=kind,
        version=1 if kind is SlipKind.PLACE else 2,
        differences=(
            Difference(what="added", after="1 x Iced tea"),
            Difference(what="table", before="Deck", after="Barge"),
        )
        if kind is SlipKind.CHANGE
        else (),
        reason="" if kind is SlipKind.PLACE else "the guest called",
    )


def is_readable(text: str) -> bool:
    """True for lines of printable text, not all of them empty."""
    return bool(text.strip()) and all(line.isprintable() for line in text.split("\n"))


def odd_orders(order: Order) -> list[Order]:
    """Orders that a guest may really send and that break careless adapters."""
    line = order.lines[0]
    hostile = replace(
        line, name="Ünï-çødé 寿司 \U0001f363\x1b@", notes="\r\n\t*** VOID\x00 " + "w" * 2000
    )
    return [
        replace(order, lines=(hostile,)),
        replace(order, number="", table=None, fulfilment="", due_at=None),
        replace(order, id="../../etc/passwd", number="../1"),
        OrderFactory(seed=2).order(units=MOST_UNITS),
    ]
