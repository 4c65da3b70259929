"""Whatever comes in, it is an event that can be kept, or a refusal in words."""

import json
from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from bridge import canonical
from bridge.model import OrderChanged, OrderPlaced
from bridge.sources.bbot import DecodeError, Hook, decode, sample

PUBLISHED = json.loads(sample("order_injection"))
ORDER_HOOKS = (Hook.ORDER_INJECTION, Hook.ORDER_CHANGE)

any_text = st.text(st.characters(codec=None), max_size=30)
any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | any_text
    | st.sampled_from(["[]", "{}", '{"a": 1}', "1194", "{", "1900-01-01T00:00:00Z", "<x>"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=8,
)


def paths(value, here=()):
    yield here
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in entries:
        if isinstance(child, dict | list):
            yield from paths(child, (*here, key))
        else:
            yield (*here, key)


PATHS = [path for path in paths(PUBLISHED) if path and "charge" not in path]


def altered(path, value):
    document = deepcopy(PUBLISHED)
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return document


def decoded(hook, body, content_type="application/json"):
    """The event, or None for a refusal; any other exception fails the fact."""
    refusal = None
    try:
        return decode(hook, body, content_type).event
    except DecodeError as error:
        refusal = error
    assert refusal.status in {400, 415, 422}
    assert refusal.detail.isprintable()
    return None


@given(st.sampled_from(ORDER_HOOKS), st.sampled_from(PATHS), any_json)
def test_any_value_in_any_field_is_read_or_refused(hook, path, value):
    event = decoded(hook, json.dumps(altered(path, value)).encode())
    if event is not None:
        kind = OrderPlaced if hook is Hook.ORDER_INJECTION else OrderChanged
        assert canonical.decode(kind, canonical.encode(event)) == event


@given(st.sampled_from(PATHS), any_text.filter(str.isidentifier), any_json)
def test_any_unknown_field_is_ignored(path, name, value):
    parent = path[:-1]
    document = deepcopy(PUBLISHED)
    target = document
    for key in parent:
        target = target[key]
    if isinstance(target, dict) and value == value:  # noqa: PLR0124  NaN is no JSON
        target[f"x_{name}"] = value
    event = decoded(Hook.ORDER_INJECTION, json.dumps(document).encode())
    assert (
        event is None or event == decode(Hook.ORDER_INJECTION, sample("order_injection"), "").event
    )


@given(st.lists(st.tuples(*[st.integers(-(10**12), 10**12)] * 3), min_size=1, max_size=20))
def test_money_always_adds_up_exactly(amounts):
    document = deepcopy(PUBLISHED)
    template = document["order"]["items"][0]
    document["order"]["items"] = [
        template
        | {
            "id": str(number),
            "special_instructions": "abc"[number % 3],
            "pretax_cents": price,
            "tax_cents": tax,
            "tip_in_cents": tip,
        }
        for number, (price, tax, tip) in enumerate(amounts)
    ]
    order = decoded(Hook.ORDER_INJECTION, json.dumps(document).encode()).order
    units = [unit for line in order.lines for unit in line.units]
    read = [(unit.price_cents, unit.tax_cents, unit.tip_cents) for unit in units]
    assert sorted(read) == sorted(amounts)
    assert sum(line.price_cents for line in order.lines) == sum(price for price, _, _ in amounts)


@given(
    st.sampled_from([None, *Hook]),
    st.binary(max_size=200) | any_json.map(lambda value: json.dumps(value).encode()),
    st.sampled_from(["application/json", "text/plain", "", "application/x-www-form-urlencoded"])
    | any_text,
)
def test_any_bytes_are_read_or_refused(hook, body, content_type):
    decoded(hook, body, content_type)


@given(st.integers(0, len(sample("order_injection"))), st.binary(min_size=1, max_size=3))
def test_a_damaged_sample_is_read_or_refused(position, damage):
    body = sample("order_injection")
    decoded(Hook.ORDER_INJECTION, body[:position] + damage + body[position + len(damage) :])
