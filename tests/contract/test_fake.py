import pytest
import pytest_asyncio

from bridge.testing.conformance import AdapterConformance
from bridge.testing.fake_adapter import FakeAdapter, FakeSettings
from bridge.testing.fake_pos import FakePos


class TestFake(AdapterConformance):
    @pytest_asyncio.fixture
    async def pos(self):
        async with FakePos() as pos:
            yield pos

    @pytest.fixture
    def adapter(self, services, pos):
        return FakeAdapter(FakeSettings(url=pos.url), services)

    @pytest.fixture
    def unreachable(self, services):
        return FakeAdapter(FakeSettings(url="http://127.0.0.1:1"), services)

    @pytest.fixture
    def count(self, pos):
        return lambda: len(pos.tickets)
