"""What every adapter of the fake POS has to show."""

import pytest
import pytest_asyncio

from bridge.adapter import Idempotent
from bridge.testing.conformance import AdapterConformance
from bridge.testing.fake_adapter import FakeAdapter, FakeSettings
from bridge.testing.fake_pos import FakePos


class FakeConformance(AdapterConformance):
    """`kind` is the adapter's class; the POS is what its spec declares."""

    kind: type[FakeAdapter]

    @pytest_asyncio.fixture
    async def pos(self):
        async with FakePos(idempotent=isinstance(self.kind.spec.repeat, Idempotent)) as pos:
            yield pos

    @pytest.fixture
    def adapter(self, services, pos):
        return self.kind(FakeSettings(url=pos.url), services)

    @pytest.fixture
    def unreachable(self, services):
        return self.kind(FakeSettings(url="http://127.0.0.1:1"), services)

    @pytest.fixture
    def count(self, pos):
        return lambda: len(pos.tickets)
