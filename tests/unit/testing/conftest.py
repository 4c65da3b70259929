import random

import pytest


@pytest.fixture
def chance():
    """The same numbers in each test."""
    return random.Random(3)  # noqa: S311  made-up orders are no secret
