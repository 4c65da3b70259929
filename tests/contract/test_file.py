import pytest

from adapters.file import FileAdapter
from adapters.file.settings import FileSettings
from bridge.testing.conformance import AdapterConformance


class TestFile(AdapterConformance):
    @pytest.fixture
    def adapter(self, services, tmp_path):
        return FileAdapter(FileSettings(directory=tmp_path), services)

    @pytest.fixture
    def unreachable(self, services, tmp_path):
        return FileAdapter(FileSettings(directory=tmp_path / "not-mounted"), services)

    @pytest.fixture
    def count(self, tmp_path):
        return lambda: len(list(tmp_path.glob("*.txt")))
