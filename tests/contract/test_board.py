import pytest

from adapters.board import BoardAdapter
from bridge.adapter import NoSettings
from bridge.testing.conformance import AdapterConformance


class TestBoard(AdapterConformance):
    @pytest.fixture
    def adapter(self, services):
        return BoardAdapter(NoSettings(), services)
