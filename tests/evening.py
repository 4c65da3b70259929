"""Guests' evenings told to the end, without a bridge: what would be sent, and to what answers."""

import random
from datetime import UTC, datetime

import orjson

from bridge.model import CheckoutStarted, PriceCheck
from bridge.testing.codes import Code
from bridge.testing.guests import Mix, arrive
from bridge.testing.noise import Noise
from bridge.testing.replies import spread
from bridge.testing.steps import Reply
from bridge.testing.story import Story

NOW = datetime(2026, 1, 9, 18, tzinfo=UTC)
RECORDED = Reply(status=200, body=b'{"result": "recorded"}')
FIELD = [
    {"prompt_id": "pos-bridge:code", "prompt_type": "textinput", "heading": "Code", "value": ""},
    {
        "prompt_id": "pos-bridge:go",
        "prompt_type": "applybutton",
        "buttontext": "Go",
        "button_text": "Go",
    },
]
LABEL = {
    "prompt_id": "pos-bridge:why",
    "prompt_type": "label",
    "text": "Closed.",
    "size": "",
}
QUIET = Mix(
    strolls=0,
    codes=0,
    failures=0,
    laters=0,
    edits=0,
    refunds=0,
    endings=0,
    fees=0,
    progress=0,
    pairs=0,
    others=0,
    regrets=0,
    swaps=0,
    rare=0,
    again=0,
)


def offer(*, prompts=(), discounts=None, **more):
    """The answer to a price check; with `allow_checkout` to a checkout start."""
    document = {"prompts_to_guest": list(prompts), "discounts": discounts, **more}
    return Reply(status=200, body=orjson.dumps(document))


def ten_percent(cart):
    """A discount of a tenth, as the platform wants it; None where that is nothing."""
    return discount(cart, cart.total_cents // 10)


def discount(cart, cents):
    """So much off, spread over the lines."""
    shares = spread(cents, {line.id: line.total_cents for line in cart.lines})
    rows = [{"line_item_id": one, "cents_to_add": -each} for one, each in shares.items() if each]
    if not rows:
        return None
    return [
        {
            "total_cents_to_add": -cents,
            "name_for_guest": "Ten",
            "distribution_among_line_items": rows,
        }
    ]


def yes(step):
    """A bridge that allows everything, shows a field for a code and takes a tenth off."""
    if isinstance(step.event, PriceCheck):
        return offer(prompts=FIELD, discounts=ten_percent(step.event.cart))
    if isinstance(step.event, CheckoutStarted):
        discounts = ten_percent(step.event.cart)
        return offer(prompts=FIELD, discounts=discounts, allow_checkout=True)
    return RECORDED


def stories(count=1, *, seed=1, restaurants=("north",), mix=QUIET, codes=(), has_partner=True):
    """(guest, story) of that many guests."""
    for _, (guest, chance) in zip(
        range(count),
        arrive(seed, restaurants, mix, lambda: NOW, tuple(map(Code.read, codes))),
        strict=False,
    ):
        yield guest, Story(guest, chance, lambda: NOW, has_partner=has_partner)


def play(told, answer=yes):
    """The steps of a story, each answered."""
    steps, step = [], next(told, None)
    while step is not None:
        steps.append(step)
        try:
            step = told.send(answer(step))
        except StopIteration:
            break
    return steps


def tell(count=1, answer=yes, **wish):
    """The steps of all their stories, one list for each guest."""
    return [play(story.tell(), answer) for _, story in stories(count, **wish)]


def disturbed(count=1, *, share, answer=yes, **wish):
    """The calls of all their stories after what happened to them on the way."""
    for number, (_, story) in enumerate(stories(count, **wish)):
        noise = Noise(random.Random(number), share=share)  # noqa: S311  no secret
        yield play(noise.disturb(story.tell()), lambda call: answer(call.step))


def labels(steps):
    return [step.label for step in steps]


def events(steps, kind):
    return [step.event for step in steps if isinstance(step.event, kind)]
