"""Answers to price checks and checkout starts keep every rule, whatever they are made from."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.model import (
    ApplyButton,
    Cart,
    CartLine,
    Choice,
    Choices,
    Discount,
    GivenPrompt,
    Guest,
    Label,
    Quote,
    Share,
    TextInput,
)
from bridge.sources.bbot.reply import compose
from bridge.sources.quote import mend
from bridge.testing.reply_rules import violations
from tests.answers import CART, line, off, problems, rows


class Explosive:
    """Does what no object should when it is looked at."""

    def __eq__(self, *_other):
        raise RuntimeError("boom")

    def __repr__(self):
        return "Explosive()"

    __str__ = __len__ = __iter__ = __bool__ = __eq__
    __hash__ = None


class BareQuote(Quote):
    """Was never given its fields."""

    __hash__ = object.__hash__

    def __repr__(self):
        return type(self).__name__


class ExplosiveQuote(BareQuote):
    @property
    def prompts(self):
        raise RuntimeError("boom")


LINE_IDS = ["1", "2", "-3", "b6bf90d5", "", "\ud800"]
texts = st.text(st.characters(codec=None), max_size=12)
garbage = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    texts,
    st.binary(max_size=4),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(texts, st.integers(), max_size=2),
    st.sampled_from([object(), Quote, Explosive(), float("nan")]),
    st.just("x").map(lambda sign: sign * 9000),
)


def mostly(good, otherwise=garbage):
    return st.integers(0, 11).flatmap(lambda number: good if number else otherwise)


def several(entry, most=6):
    entries = st.lists(entry, max_size=most)
    return mostly(entries.map(tuple), st.one_of(entries, garbage))


ids = mostly(st.sampled_from([*LINE_IDS, "example_0", "pos-bridge:grill:code", "apply"]), texts)
amounts = mostly(st.integers(1, 900), st.integers())
prompt = st.one_of(
    st.builds(Label, id=mostly(ids), text=mostly(texts)),
    st.builds(TextInput, id=mostly(ids), heading=mostly(texts), placeholder=mostly(texts)),
    st.builds(ApplyButton, id=mostly(ids), text=mostly(texts)),
    st.builds(
        Choices,
        id=mostly(ids),
        choices=several(
            mostly(st.builds(Choice, text=mostly(texts), selected=mostly(st.booleans())))
        ),
        least=mostly(st.integers(-1, 4)),
        most=mostly(st.integers(-1, 4)),
    ),
)
share = st.builds(
    Share, line_id=mostly(st.sampled_from(LINE_IDS[:4])), amount_cents=mostly(amounts)
)
discount = st.builds(
    Discount, name=mostly(texts), amount_cents=mostly(amounts), shares=several(mostly(share))
)
odd_quotes = st.one_of(
    st.sampled_from([BareQuote.__new__(BareQuote), ExplosiveQuote.__new__(ExplosiveQuote)]), garbage
)
quotes = mostly(
    st.builds(
        Quote,
        prompts=several(mostly(prompt)),
        discount=mostly(discount, st.one_of(st.lists(discount, max_size=2), garbage)),
    ),
    odd_quotes,
)
lines = st.builds(
    CartLine,
    id=ids,
    menu_item_id=texts,
    name=texts,
    quantity=mostly(st.integers(1, 4), st.integers(-1, 0)),
    price_cents=mostly(st.integers(1, 2000), st.integers(-(2**63), 2**63)),
)
carts = st.builds(
    Cart,
    source=st.just("bbot"),
    restaurant=st.just("grill"),
    checkout_id=texts,
    lines=st.lists(lines, max_size=5).map(tuple),
    pretax_cents=mostly(st.integers(0, 9000), st.integers(-(2**63), 2**63)),
    guest_id=st.sampled_from(["", "session-1", "eric@example.com"]),
    guest=st.sampled_from([Guest(), CART.guest]),
    prompts=st.lists(
        st.builds(GivenPrompt, id=ids, kind=st.just("label"), text=texts), max_size=3
    ).map(tuple),
)


@given(quotes, carts, st.sampled_from([None, True, False]))
@settings(max_examples=800, deadline=None)
def test_whatever_the_quote_is_the_answer_keeps_every_rule(quote, cart, allow):
    body, said = compose(quote, cart, allow=allow)
    assert violations(body, cart, starts=allow is not None) == []
    assert all(isinstance(sentence, str) for sentence in said)


@given(quotes, carts)
@settings(max_examples=300, deadline=None)
def test_what_was_mended_needs_no_mending(quote, cart):
    sound, _said = mend(quote, cart)
    assert mend(sound, cart) == (sound, ())


@given(quotes, carts)
@settings(max_examples=300, deadline=None)
def test_the_same_quote_makes_the_same_bytes(quote, cart):
    assert compose(quote, cart, allow=None) == compose(quote, cart, allow=None)


@given(st.lists(st.tuples(st.integers(1, 900), st.integers(1, 5)), min_size=1), st.data())
@settings(max_examples=200, deadline=None)
def test_shares_that_fit_are_sent_as_they_are(prices, data):
    found = [line(str(place), price, quantity) for place, (price, quantity) in enumerate(prices)]
    whole = sum(each.total_cents for each in found)
    cart = replace(CART, lines=tuple(found), pretax_cents=whole)
    parts = {each.id: data.draw(st.integers(0, each.total_cents)) for each in found}
    given_parts = [(line_id, cents) for line_id, cents in parts.items() if cents]
    amount = sum(parts.values())
    if amount:
        shuffled = data.draw(st.permutations(given_parts))
        assert rows(off(amount, *shuffled), cart) == {each: -cents for each, cents in given_parts}
        assert problems(Quote(discount=off(amount, *shuffled)), cart) == ()
