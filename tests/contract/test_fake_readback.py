import pytest
import pytest_asyncio

from bridge.testing.conformance import AdapterConformance
from bridge.testing.fake_adapter import FakeReadBackAdapter, FakeSettings
from bridge.testing.fake_pos import FakePos


class TestFakeReadBack(AdapterConformance):
    @pytest_asyncio.fixture
    async def pos(self):
        async with FakePos(idempotent=False) as pos:
            yield pos

    @pytest.fixture
    def adapter(self, services, pos):
        return FakeReadBackAdapter(FakeSettings(url=pos.url), services)

    @pytest.fixture
    def unreachable(self, services):
        return FakeReadBackAdapter(FakeSettings(url="http://127.0.0.1:1"), services)

    @pytest.fixture
    def count(self, pos):
        return lambda: len(pos.tickets)
