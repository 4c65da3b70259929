import json

import pytest

from bridge.sources.bbot import decode
from bridge.sources.bbot.sample import NAMES, sample


@pytest.mark.parametrize("name", ["order_injection", "order_change"])
def test_a_sample_is_json_as_it_comes_over_the_wire(name):
    assert json.loads(sample(name))["order"]["guest_email"] == "guest@example.com"


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("order_")])
def test_the_sample_of_a_partner_hook_is_named_after_its_event_type(name):
    assert json.loads(sample(name))["event_type"] == name


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_decodes_without_a_remark(name):
    event = decode(None, sample(name), "application/json").event
    about = getattr(event, "order", None) or getattr(event, "cart", None)
    assert about is None or about.remarks == ()


def test_the_samples_of_partner_hooks_tell_of_one_checkout():
    names = [name for name in NAMES if not name.startswith("order_")]
    events = [decode(None, sample(name), "application/json").event for name in names]
    assert len({(event.restaurant, event.checkout_id) for event in events}) == 1


def test_an_unknown_sample_is_an_error():
    with pytest.raises(KeyError):
        sample("../sample")
