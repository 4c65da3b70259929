from bridge.testing.fake_adapter import FakeBlindAdapter
from tests.contract.fakes import FakeConformance


class TestFakeBlind(FakeConformance):
    kind = FakeBlindAdapter
