import os

import pytest

pytest_plugins = ["tests.broker"]


@pytest.fixture(autouse=True)
def _no_settings_from_the_shell(monkeypatch):
    for name in list(os.environ):
        if name.startswith("BRIDGE_") and not name.startswith("BRIDGE_TEST_"):
            monkeypatch.delenv(name)
