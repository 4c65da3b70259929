from bridge.testing.fake_adapter import FakeAdapter
from tests.contract.fakes import FakeConformance


class TestFake(FakeConformance):
    kind = FakeAdapter
