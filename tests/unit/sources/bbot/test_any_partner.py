"""Whatever a partner hook sends, it is an event that can be kept, or a refusal in words."""

import json
from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from bridge import canonical
from bridge.model import CheckoutStarted, Modifier, PriceCheck
from bridge.sources.bbot import DecodeError, Hook, decode, sample

NAMES = ("pricecheck", "checkout_beginning", "checkout_finished", "checkout_cancelled")
PUBLISHED = {name: json.loads(sample(name)) for name in (*NAMES, "items_refunded")}
LINE = PUBLISHED["pricecheck"]["cart_items_this_restaurant"][0]
MOD = LINE["mods"][0]

any_text = st.text(st.characters(codec=None), max_size=30)
any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | any_text
    | st.sampled_from(
        ["[]", "{}", '[{"a": 1}]', "1194", "[", "True", "<x>", "order", "pricecheck"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=8,
)
cents = st.integers(-(10**10), 10**10)
addresses = st.sampled_from([None, *Hook])


def paths(value, here=()):
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in entries:
        yield (*here, key)
        if isinstance(child, dict | list):
            yield from paths(child, (*here, key))


PLACES = [(name, path) for name, document in PUBLISHED.items() for path in paths(document)]
CART_PLACES = [
    (name, path)
    for name, path in PLACES
    if name in {"pricecheck", "checkout_beginning"} and path != ("event_type",)
]


def altered(place, value):
    name, path = place
    document = deepcopy(PUBLISHED[name])
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return document


def decoded(hook, body):
    """The event, or None for a refusal; any other exception fails the fact."""
    refusal = None
    try:
        return decode(hook, body, "application/json").event
    except DecodeError as error:
        refusal = error
    assert refusal.status in {400, 415, 422}
    assert refusal.detail.isprintable()
    return None


def has_no_number(value):
    """NaN and the infinities are no JSON, so the whole body is refused."""
    return json.loads(json.dumps(value), parse_constant=lambda _: None) == value


@given(addresses, st.sampled_from(PLACES), any_json)
def test_any_value_in_any_field_is_read_or_refused(hook, place, value):
    event = decoded(hook, json.dumps(altered(place, value)).encode())
    if event is not None:
        assert canonical.decode(type(event), canonical.encode(event)) == event


@given(st.sampled_from(CART_PLACES), any_json.filter(has_no_number))
def test_nothing_in_a_cart_is_an_error(place, value):
    event = decoded(Hook.PROMO, json.dumps(altered(place, value)).encode())
    assert type(event) is (PriceCheck if place[0] == "pricecheck" else CheckoutStarted)
    assert all(type(line.price_cents) is int for line in event.cart.lines)


@given(
    addresses,
    st.sampled_from(sorted(PUBLISHED)),
    st.lists(st.tuples(any_text, any_json), max_size=3),
    st.data(),
)
def test_any_lost_and_unknown_fields_are_read_or_refused(hook, name, more, data):
    document = {**deepcopy(PUBLISHED[name]), **dict(more)}
    for lost in data.draw(st.sets(st.sampled_from(sorted(PUBLISHED[name])), max_size=4)):
        document.pop(lost, None)
    decoded(hook, json.dumps(document).encode())


@given(addresses, st.sampled_from(sorted(PUBLISHED)), st.integers(0, 3000), st.binary(max_size=3))
def test_a_damaged_sample_is_read_or_refused(hook, name, position, damage):
    body = sample(name)
    decoded(hook, body[:position] + damage + body[position + len(damage) :])


mods = st.recursive(
    st.tuples(cents, cents, st.just([])),
    lambda inner: st.tuples(cents, cents, st.lists(inner, max_size=3)),
    max_leaves=6,
)


def as_sent(mod):
    price, tax, inner = mod
    nested = [as_sent(one) for one in inner]
    return MOD | {"pretax_cents": price, "tax_cents": tax, "mods": nested}


def added(mod):
    price, tax, inner = mod
    sums = [added(one) for one in inner]
    return price + sum(one[0] for one in sums), tax + sum(one[1] for one in sums)


@given(
    st.lists(st.tuples(cents, cents, st.integers(1, 99), st.lists(mods, max_size=3)), max_size=8),
    st.sampled_from([int, str, float]),
    st.booleans(),
)
def test_money_in_is_money_out_exactly(rows, spell, as_text):
    lines = [
        LINE
        | {
            "line_item_id": str(number),
            "pretax_cents": spell(price),
            "tax_cents": spell(tax),
            "qty": spell(quantity),
            "mods": [as_sent(mod) for mod in nested],
        }
        for number, (price, tax, quantity, nested) in enumerate(rows)
    ]
    expected = []
    for price, tax, quantity, nested in rows:
        sums = [added(mod) for mod in nested]
        expected.append((price + sum(s[0] for s in sums), tax + sum(s[1] for s in sums), quantity))
    total = sum(price * quantity for price, _, quantity in expected)
    document = PUBLISHED["pricecheck"] | {
        "cart_items_this_restaurant": json.dumps(lines) if as_text else lines,
        "cart_items_pretax_cents_this_restaurant": spell(total),
    }
    cart = decoded(Hook.PROMO, json.dumps(document).encode()).cart
    read = [(line.price_cents, line.tax_cents, line.quantity) for line in cart.lines]
    assert read == expected
    assert cart.total_cents == cart.pretax_cents == total
    assert cart.remarks == ()
    assert all(isinstance(mod, Modifier) for line in cart.lines for mod in line.modifiers)


@given(st.lists(st.tuples(st.integers(0, 5), *[st.integers(0, 10**12)] * 2), min_size=1))
def test_what_is_left_is_the_least_that_was_said_of_each_item(rows):
    document = PUBLISHED["items_refunded"] | {
        "orderitems_now": [
            {"orderitem_id": item, "pretax_cents_now": price, "tax_cents_now": tax}
            for item, price, tax in rows
        ]
    }
    event = decoded(Hook.ITEMS_REFUNDED, json.dumps(document).encode())
    for one in event.items:
        said = [(price, tax) for item, price, tax in rows if str(item) == one.id]
        assert one.price_cents == min(price for price, _ in said)
        assert one.tax_cents == min(tax for _, tax in said)
    assert {one.id for one in event.items} == {str(item) for item, _, _ in rows}


@given(st.lists(any_text | st.integers(), max_size=6))
def test_a_line_id_comes_back_letter_for_letter_or_not_at_all(ids):
    lines = [LINE | {"line_item_id": line_id} for line_id in ids]
    document = PUBLISHED["pricecheck"] | {"cart_items_this_restaurant": lines}
    cart = decoded(Hook.PROMO, json.dumps(document).encode()).cart
    sent = [str(line_id) for line_id in ids]
    assert all(sent.count(line.id) == 1 for line in cart.lines)
