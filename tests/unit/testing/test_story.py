from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.model import (
    CheckoutCancelled,
    CheckoutFinished,
    CheckoutStarted,
    ItemsRefunded,
    OrderChanged,
    OrderPlaced,
    PriceCheck,
)
from bridge.sources.bbot import Hook, decode
from bridge.testing.dressing import plain
from bridge.testing.guests import AGAIN_AFTER, Mix
from bridge.testing.steps import Promise
from tests.evening import (
    FIELD,
    LABEL,
    NOW,
    QUIET,
    RECORDED,
    events,
    labels,
    offer,
    play,
    stories,
    tell,
    yes,
)

PAIRS = ("north", "south")


def refuse_checkout(step):
    if isinstance(step.event, CheckoutStarted):
        return offer(prompts=[LABEL], allow_checkout=False)
    return yes(step)


def refuse_order(step):
    return replace(RECORDED, status=503) if isinstance(step.event, OrderPlaced) else yes(step)


def test_the_same_seed_tells_the_same_stories():
    assert tell(20, mix=Mix(), seed=3) == tell(20, mix=Mix(), seed=3)


def test_another_seed_tells_others():
    assert tell(5, mix=Mix(), seed=3) != tell(5, mix=Mix(), seed=4)


def test_every_body_decodes_to_the_event_that_it_is_about():
    mix = Mix(traits=0.2, again=0.2)
    for steps in tell(150, mix=mix, restaurants=PAIRS, codes=("WELCOME",)):
        for step in steps:
            dressed = plain(step.document)
            found = decode(Hook(step.hook), dressed.body, dressed.content_type)
            assert without_remarks(found.event) == without_remarks(step.event)


def without_remarks(event):
    if hasattr(event, "cart"):
        return replace(event, cart=replace(event.cart, remarks=(), prompts=()))
    return event


def test_an_ordinary_guest_is_priced_asked_and_told_of_in_this_order():
    (steps,) = tell()
    assert list(dict.fromkeys(labels(steps))) == [
        "pricecheck",
        "checkout-beginning",
        "order-injection",
        "order-change",
        "checkout-finished",
    ]


def test_there_is_a_price_check_for_each_item_that_is_added():
    for steps in tell(20):
        counts = [
            sum(line.quantity for line in event.cart.lines) for event in events(steps, PriceCheck)
        ]
        (placed,) = events(steps, OrderPlaced)
        assert counts == list(range(1, sum(line.quantity for line in placed.order.lines) + 1))


def test_a_code_is_typed_into_our_field_and_given_back_once():
    mix = replace(QUIET, codes=1)
    for steps in tell(10, mix=mix, codes=("WELCOME",)):
        typed = [
            prompt["value"].upper()
            for step in steps
            for prompt in step.document.get("prompts_to_guest", ())
            if prompt.get("value")
        ]
        assert typed[-1] == "WELCOME"
        assert len(typed) in {1, 2}


def test_nobody_types_a_code_where_there_is_no_field():
    def bare(step):
        return offer(allow_checkout=True) if step.hook == "promo" else RECORDED

    (steps,) = tell(answer=bare, mix=replace(QUIET, codes=1), codes=("WELCOME",))
    assert not any(step.document.get("prompts_to_guest") for step in steps)


def test_prompts_are_given_back_with_those_of_another_partner():
    (steps,) = tell(mix=replace(QUIET, others=1))
    started = next(step for step in steps if isinstance(step.event, CheckoutStarted))
    ids = [prompt["prompt_id"] for prompt in started.document["prompts_to_guest"]]
    assert ids == [*(prompt["prompt_id"] for prompt in FIELD), "other_0", "other_1", 2]


def test_the_discount_is_in_the_prices_of_the_order_to_the_cent():
    for steps in tell(60):
        cart = events(steps, CheckoutStarted)[0].cart
        (placed,) = events(steps, OrderPlaced)
        off = cart.pretax_cents // 10
        assert placed.order.totals.pretax_cents == cart.pretax_cents - off
        assert all(unit.price_cents >= 0 for line in placed.order.lines for unit in line.units)


def test_the_start_of_a_checkout_expects_the_discount_that_was_shown():
    (steps,) = tell()
    checked, started = steps[-5:-3]
    shown = yes(checked).document
    assert started.promise == Promise(
        prompts=shown["prompts_to_guest"], discounts=shown["discounts"]
    )


def test_the_sums_of_every_order_add_up():
    for steps in tell(150, mix=Mix()):
        for event in (*events(steps, OrderPlaced), *events(steps, OrderChanged)):
            totals, units = event.order.totals, [u for li in event.order.lines for u in li.units]
            assert totals.pretax_cents == sum(unit.price_cents for unit in units)
            parts = totals.pretax_cents + totals.tax_cents + totals.tip_cents + totals.fee_cents
            assert totals.total_cents == parts


def test_a_guest_who_may_not_check_out_orders_nothing():
    (steps,) = tell(answer=refuse_checkout)
    assert labels(steps)[-2:] == ["checkout-beginning", "checkout-cancelled"]


def test_a_refused_order_is_cancelled_and_never_paid():
    (steps,) = tell(answer=refuse_order)
    assert labels(steps)[-2:] == ["order-injection", "checkout-cancelled"]


def test_whoever_cannot_pay_and_leaves_is_cancelled():
    (steps,) = tell(mix=replace(QUIET, failures=1, retries=0))
    assert labels(steps)[-2:] == ["order-injection", "checkout-cancelled"]


@pytest.mark.parametrize(("same_order", "number"), [(0, 2), (1, 1)])
def test_another_attempt_has_an_id_of_its_own_and_perhaps_another_order(same_order, number):
    (steps,) = tell(mix=replace(QUIET, failures=1, retries=1, same_order=same_order))
    attempts = {event.attempt_id for event in events(steps, CheckoutStarted)}
    placed = events(steps, OrderPlaced)
    assert len(attempts) == 2
    assert len({event.order_id for event in placed}) == number
    assert len({event.checkout_id for event in placed}) == 1
    assert {event.order_id for event in events(steps, OrderChanged)} == {placed[-1].order_id}


def test_an_order_for_later_is_wanted_at_once_before_the_evening_ends():
    for steps in tell(30, mix=replace(QUIET, laters=1, edits=1)):
        (placed,) = events(steps, OrderPlaced)
        last = events(steps, OrderChanged)[-1].order
        assert placed.order.due_at > NOW + timedelta(hours=1)
        assert last.snoozed_until is None


def test_each_change_is_newer_than_the_one_before():
    for steps in tell(50, mix=replace(QUIET, edits=1, progress=1)):
        times = [event.order.modified_at for event in events(steps, OrderChanged)]
        assert times == sorted(set(times))


def test_what_is_left_after_a_refund_only_falls():
    for steps in tell(60, mix=replace(QUIET, refunds=1, fees=1, edits=0.5)):
        left = {}
        for event in events(steps, ItemsRefunded):
            for one in (*event.items, *event.charges):
                before = left.get(one.id, one)
                assert 0 <= one.price_cents <= before.price_cents
                assert 0 <= one.tax_cents <= before.tax_cents
                left[one.id] = one


def test_two_restaurants_share_a_checkout_and_nothing_else():
    (steps,) = tell(restaurants=PAIRS, mix=replace(QUIET, pairs=1))
    placed = events(steps, OrderPlaced)
    assert {event.restaurant for event in placed} == set(PAIRS)
    assert len({event.checkout_id for event in placed}) == 1
    assert len({event.order_id for event in placed}) == 2
    assert {event.restaurant for event in events(steps, CheckoutFinished)} == set(PAIRS)


def test_if_one_of_two_restaurants_refuses_both_are_cancelled():
    placed = []

    def refuse_second(step):
        if isinstance(step.event, OrderPlaced):
            placed.append(step)
            return replace(RECORDED, status=200 if len(placed) == 1 else 409)
        return yes(step)

    (steps,) = tell(answer=refuse_second, restaurants=PAIRS, mix=replace(QUIET, pairs=1))
    assert {event.restaurant for event in events(steps, CheckoutCancelled)} == set(PAIRS)


def test_without_partner_hooks_there_are_only_orders():
    for steps in tell(20, has_partner=False, mix=Mix()):
        assert set(labels(steps)) <= {"order-injection", "order-change"}


def test_every_guest_is_somebody_else():
    guests = [guest for guest, _ in stories(50, mix=Mix())]
    assert len({guest.orders[0].guest.email for guest in guests}) == 50
    assert len({guest.orders[0].guest.phone for guest in guests}) == 50


def starts_of(steps):
    return [step for step in steps if isinstance(step.event, CheckoutStarted)]


def test_a_cart_that_was_changed_without_a_price_check_has_no_promise():
    for steps in tell(10, mix=replace(QUIET, swaps=1)):
        checked, (started,) = events(steps, PriceCheck)[-1], starts_of(steps)
        assert started.promise is None
        assert started.event.cart.pretax_cents > checked.cart.pretax_cents


def test_whoever_regrets_looks_into_an_empty_cart_and_puts_something_back():
    for steps in tell(10, mix=replace(QUIET, regrets=1)):
        prices = [event.cart.pretax_cents for event in events(steps, PriceCheck)]
        assert prices[0] == 0
        assert prices[-2] > prices[-1] == starts_of(steps)[0].event.cart.pretax_cents


def test_what_a_code_is_worth_is_known_from_when_it_is_typed():
    for steps in tell(10, mix=replace(QUIET, codes=1), codes=("HAPPY=12.5%",)):
        typed = next(step for step in steps if step.code)
        price = typed.event.cart.pretax_cents
        assert typed.worth == starts_of(steps)[0].worth == {(price * 125 + 500) // 1000}
        assert all(step.worth is None for step in steps[: steps.index(typed)])


def test_somebody_comes_twice_at_once_and_later_again_with_the_same_code():
    mix = replace(QUIET, again=0.05, failures=1)
    found = [guest for guest, _ in stories(100, mix=mix, codes=("ONCE=5/guest", "ANY=5"))]
    first = next(guest for guest in found if guest.is_again)
    number = found.index(first)
    same = [guest for guest in found if guest.orders[0].guest == first.orders[0].guest]
    assert [found.index(guest) - number for guest in same] == [0, 1, AGAIN_AFTER]
    assert len({guest.orders[0].checkout_id for guest in same}) == 3
    assert {guest.typed for guest in same} == {first.typed}
    assert first.typed[0][1].is_once
    assert not any(guest.failures for guest in same)


def test_nobody_is_promised_a_code_that_somebody_else_may_use_up():
    mix = replace(QUIET, again=1)
    for steps in tell(5, mix=mix, codes=("ONCE=5/guest",)):
        (started,) = starts_of(steps)
        assert started.worth == {0, 5}
        assert started.promise is None


def test_the_codes_that_were_paid_with_are_told():
    (_, story), *_ = stories(1, mix=replace(QUIET, codes=1), codes=("HAPPY",))
    play(story.tell())
    assert story.used == [("north", "HAPPY")]


def test_a_refund_tells_of_the_discount_on_each_item():
    for steps in tell(5, mix=replace(QUIET, refunds=1)):
        start = starts_of(steps)[0].event.cart
        for step in steps:
            if isinstance(step.event, ItemsRefunded):
                off = sum(
                    each["original_discount_cents"] for each in step.document["orderitems_now"]
                )
                assert off == start.pretax_cents // 10
