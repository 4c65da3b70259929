import json

import pytest

from bridge.sources.bbot.sample import NAMES, sample


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_json_as_it_comes_over_the_wire(name):
    assert json.loads(sample(name))["order"]["guest_email"] == "guest@example.com"


def test_an_unknown_sample_is_an_error():
    with pytest.raises(KeyError):
        sample("../sample")
