from bridge.testing.fake_adapter import FakeReadBackAdapter
from tests.contract.fakes import FakeConformance


class TestFakeReadBack(FakeConformance):
    kind = FakeReadBackAdapter
