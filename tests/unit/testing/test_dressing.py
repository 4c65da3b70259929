import gzip
from dataclasses import replace

import pytest

from bridge.model import ItemsRefunded
from bridge.sources.bbot import Hook, decode
from bridge.testing import dressing
from bridge.testing.dressing import dress, plain
from bridge.testing.guests import Mix
from tests.evening import tell

EVERY_KIND = Mix(refunds=1, fees=1, edits=1, failures=0.5, others=0.5, traits=0.2)


@pytest.fixture(scope="module")
def steps():
    """Steps of every kind."""
    return [step for steps in tell(40, mix=EVERY_KIND) for step in steps]


def read(step, dressed):
    event = decode(Hook(step.hook), dressed.body, dressed.content_type).event
    if hasattr(event, "order"):
        # What the total says nobody hangs on: it may be a cent off.
        totals = replace(event.order.totals, total_cents=0)
        return replace(event, order=replace(event.order, totals=totals, remarks=()))
    if hasattr(event, "cart"):
        return replace(event, cart=replace(event.cart, remarks=(), prompts=()))
    return event


def names(functions):
    return [function.__name__.strip("_") for function in functions]


@pytest.mark.parametrize("encoding", dressing._ENCODINGS, ids=names(dressing._ENCODINGS))
def test_every_encoding_is_the_same_event(encoding, steps):
    for step in steps:
        assert read(step, encoding(step.document)) == read(step, plain(step.document))


@pytest.mark.parametrize("oddity", dressing._ODDITIES, ids=names(dressing._ODDITIES))
def test_every_oddity_is_the_same_event(oddity, steps):
    for step in steps:
        assert read(step, plain(oddity(step.document))) == read(step, plain(step.document))


def test_any_dress_is_the_same_event(steps, chance):
    for step in steps:
        assert read(step, dress(step.document, chance)) == read(step, plain(step.document))


def test_a_document_is_not_changed_by_its_dress(steps, chance):
    step = next(step for step in steps if isinstance(step.event, ItemsRefunded))
    before = plain(step.document)
    for _ in range(50):
        dress(step.document, chance)
    assert plain(step.document) == before


def test_what_is_packed_for_the_way_is_the_same_when_it_is_unpacked(steps):
    packed = dressing._packed(steps[0].document)
    assert gzip.decompress(packed.sent) == packed.body == plain(steps[0].document).sent
