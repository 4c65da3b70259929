"""The real daemon in the process of the test."""

import threading
from functools import partial

import pytest

from tests.daemons import PATIENCE
from tests.daemons import a_config as make_config


class Blockade:
    """A vendor's call that keeps its thread until the test lets it go on."""

    def __init__(self):
        self.begun, self.may_go_on = threading.Event(), threading.Event()

    def __call__(self):
        self.begun.set()
        self.may_go_on.wait(PATIENCE)


@pytest.fixture
def a_config(tmp_path):
    return partial(make_config, tmp_path)


@pytest.fixture
def block():
    block = Blockade()
    yield block
    block.may_go_on.set()
