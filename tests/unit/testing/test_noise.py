from collections import Counter
from datetime import timedelta
from itertools import chain, pairwise

import pytest

from bridge.model import (
    CheckoutCancelled,
    CheckoutFinished,
    IntegrationChanged,
    ItemsRefunded,
    OrderChanged,
    OrderPlaced,
)
from bridge.sources.bbot import Hook, decode
from bridge.testing.guests import Mix
from bridge.testing.noise import BROKEN, Noise
from tests.evening import disturbed, play, stories, tell, yes

PARTNER_NEWS = (CheckoutFinished, CheckoutCancelled, ItemsRefunded)
WISH = {"mix": Mix(failures=0.3, refunds=0.5, edits=0.5), "codes": ("WELCOME",)}


@pytest.fixture(scope="module")
def noisy():
    """Each guest's calls, with a third of everything disturbed."""
    return list(disturbed(120, share=0.3, **WISH))


@pytest.fixture(scope="module")
def quiet():
    return tell(120, **WISH)


def sound(calls):
    return [call for call in calls if not call.is_broken]


def test_without_quirks_the_story_arrives_as_it_is_told(quiet):
    assert [[call.step for call in calls] for calls in disturbed(120, share=0, **WISH)] == quiet


def test_only_what_partners_are_told_can_be_lost(noisy, quiet):
    for calls, steps in zip(noisy, quiet, strict=True):
        sent = [call.step.event for call in sound(calls)]
        orders = [event.order for event in sent if isinstance(event, OrderPlaced)]
        lost = [
            step.event
            for step in steps
            if step.event not in sent and getattr(step.event, "order", None) not in orders
        ]
        assert all(isinstance(event, PARTNER_NEWS) for event in lost)


def test_something_is_lost_late_twice_bare_broken_and_not_waited_for(noisy, quiet):
    calls = list(chain.from_iterable(noisy))
    sent = Counter(id(call.step) for call in sound(calls))
    assert sum(map(len, noisy)) > sum(map(len, quiet))
    assert max(sent.values()) > 1
    assert any(call.copies > 1 for call in calls)
    assert any(call.is_bare for call in calls)
    assert any(call.label == BROKEN for call in calls)
    assert any(not call.waits for call in calls)
    assert any(call.hangs_up for call in calls)
    assert any(call.is_nameless and not call.is_broken for call in calls)
    assert any(isinstance(call.step.event, IntegrationChanged) for call in calls)


def test_changes_come_out_of_order(noisy):
    times = [
        [call.step.event.order.modified_at for call in calls if is_change(call)] for calls in noisy
    ]
    assert any(each != sorted(each) for each in times)


def is_change(call):
    return isinstance(call.step.event, OrderChanged)


def test_a_change_never_goes_to_the_address_for_all_hooks(noisy):
    assert not any(call.is_bare for calls in noisy for call in calls if is_change(call))


def test_only_orders_that_will_be_paid_are_told_of_before_they_are_asked(noisy):
    for call in chain.from_iterable(noisy):
        assert call.waits or (is_change(call) and call.step.will_be_paid)


def test_what_is_disturbed_still_decodes_to_its_event(noisy):
    for call in sound(chain.from_iterable(noisy)):
        hook = None if call.is_bare else Hook(call.step.hook)
        found = decode(hook, call.dressed.body, call.dressed.content_type)
        assert type(found.event) is type(call.step.event)
        assert found.event.checkout_id == call.step.event.checkout_id


def test_a_change_at_the_other_address_is_taken_for_an_order(noisy):
    bodies = [call for call in sound(chain.from_iterable(noisy)) if call.label == "order-injection"]
    orders = [call.step.event.order for call in bodies]
    assert any(order.modified_at - order.placed_at > timedelta(milliseconds=1) for order in orders)
    assert all(call.step.event.order.lines for call in bodies)


def test_only_partners_come_without_credentials(noisy):
    for call in sound(chain.from_iterable(noisy)):
        assert not (call.is_nameless and call.step.is_of_order)


def test_where_everybody_needs_credentials_everybody_has_them(chance):
    (_, story), *_ = stories(1, **WISH)
    noise = Noise(chance, share=1.0, is_open=False)
    calls = play(noise.disturb(story.tell()), lambda call: yes(call.step))
    assert not any(call.is_nameless for call in sound(calls))


def test_the_platform_hangs_up_only_on_an_order_that_it_asks_for_again(noisy):
    for calls in noisy:
        for call, following in pairwise(calls):
            if call.hangs_up:
                again = following if following.waits else calls[calls.index(following) + 1]
                assert again.step == call.step


def test_the_same_chances_disturb_alike(noisy):
    assert list(disturbed(120, share=0.3, **WISH)) == noisy
