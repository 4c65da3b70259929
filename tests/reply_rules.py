"""What an answer to a price check or a checkout start must be, read from the platform's pages.

Knows nothing of how answers are made: it looks at the bytes, and at the cart they are for.
"""

import json
from collections import Counter

KEYS = {
    "label": {"text": str, "size": str},
    "textinput": {"heading": str, "value": str},
    "applybutton": {"buttontext": str, "button_text": str},
    "multiselect_group": {"min_selectable": int, "max_selectable": int, "choices": list},
}
LONGEST_BODY = 300_000


def violations(body, cart, *, starts):
    """Sentences, one for each rule that is broken; `starts`: it answers a checkout start."""
    try:
        document = json.loads(body, parse_constant=_refuse, object_pairs_hook=_no_twins)
    except ValueError as error:
        return [f"not JSON: {error}"]
    found = [] if len(body) <= LONGEST_BODY else ["the body is huge"]
    wanted = {"prompts_to_guest", "discounts"} | ({"allow_checkout"} if starts else set())
    if type(document) is not dict or set(document) != wanted:
        return [*found, "the answer has other keys"]
    if starts and type(document["allow_checkout"]) is not bool:
        found.append("allow_checkout is not true or false")
    found += _of_prompts(document["prompts_to_guest"], cart)
    if starts and document["allow_checkout"] is False:
        found += _unless(
            any(prompt["prompt_type"] == "label" for prompt in document["prompts_to_guest"]),
            "a refusal gives no reason",
        )
    found += _of_discounts(document["discounts"], cart)
    return found + _of_privacy(document, cart)


def _of_prompts(prompts, cart):
    if type(prompts) is not list:
        return ["the prompts are not a list"]
    found = []
    ids = [prompt.get("prompt_id") for prompt in prompts]
    ours = f"pos-bridge:{cart.restaurant}:"
    foreign = {prompt.id for prompt in cart.prompts if not prompt.id.startswith(ours)}
    if not all(type(each) is str and each for each in ids):
        return ["an id is not a text"]
    found += _unless(len(set(ids)) == len(ids), "two prompts have one id")
    found += _unless(all(each.startswith(ours) for each in ids), "an id has no prefix")
    found += _unless(not foreign & set(ids), "an id is that of another partner")
    kinds = {prompt.get("prompt_type") for prompt in prompts}
    found += _unless("textinput" not in kinds or "applybutton" in kinds, "no button of our own")
    for prompt in prompts:
        found += _of_prompt(prompt)
    return found


def _of_prompt(prompt):
    kind = prompt.get("prompt_type")
    if kind not in KEYS:
        return ["a prompt is of no known type"]
    if set(prompt) != {"prompt_id", "prompt_type", *KEYS[kind]}:
        return [f"a {kind} has other keys"]
    if not all(type(prompt[key]) is wanted for key, wanted in KEYS[kind].items()):
        return [f"a {kind} has values of other types"]
    if kind == "applybutton":
        same = prompt["buttontext"] == prompt["button_text"]
        return _unless(same and prompt["buttontext"], "a button says nothing, or two things")
    return _of_choices(prompt) if kind == "multiselect_group" else []


def _of_choices(prompt):
    choices, most = prompt["choices"], prompt["max_selectable"]
    found = _unless(choices, "there is nothing to choose from")
    found += _unless(0 <= prompt["min_selectable"] <= most <= len(choices), "the counts are odd")
    for choice in choices:
        sound = type(choice) is dict and set(choice) == {"selected", "contents"}
        found += _unless(
            sound and type(choice["selected"]) is bool and type(choice["contents"]) is str,
            "a choice is none",
        )
    selected = sum(choice.get("selected") is True for choice in choices)
    return found + _unless(selected <= most, "more is selected than may be")


def _of_discounts(discounts, cart):
    if discounts is None:
        return []
    if type(discounts) is not list or len(discounts) != 1:
        return ["the discounts are neither null nor one"]
    discount = discounts[0]
    if set(discount) != {"total_cents_to_add", "name_for_guest", "distribution_among_line_items"}:
        return ["a discount has other keys"]
    total, name = discount["total_cents_to_add"], discount["name_for_guest"]
    found = _unless(type(total) is int and total < 0, "the total is not below 0")
    found += _unless(type(name) is str and name.strip(), "the discount has no name")
    found += _unless(-total <= cart.pretax_cents, "the total is more than the cart costs")
    return found + _of_rows(discount["distribution_among_line_items"], total, cart)


def _of_rows(rows, total, cart):
    if type(rows) is not list or not rows:
        return ["there are no rows"]
    if any(set(row) != {"line_item_id", "cents_to_add"} for row in rows):
        return ["a row has other keys"]
    amounts = [row["cents_to_add"] for row in rows]
    found = _unless(all(type(each) is int and each < 0 for each in amounts), "a row is not below 0")
    found += _unless(sum(amounts) == total, "the rows do not add up to the total")
    ids = [row["line_item_id"] for row in rows]
    found += _unless(len(set(ids)) == len(ids), "a line has two rows")
    times = Counter(line.id for line in cart.lines)
    prices = {line.id: line.price_cents * line.quantity for line in cart.lines}
    for row in rows:
        found += _unless(times[row["line_item_id"]] == 1, "a row is for no line, or for two")
        found += _unless(
            -row["cents_to_add"] <= prices.get(row["line_item_id"], 0),
            "a row is more than its line costs",
        )
    return found


def _of_privacy(document, cart):
    said = json.dumps(
        [
            document["prompts_to_guest"],
            [each["name_for_guest"] for each in document["discounts"] or []],
        ],
        ensure_ascii=False,
    ).casefold()
    secrets = [cart.guest.email, cart.guest_id if "@" in cart.guest_id else "", cart.guest.phone]
    return [
        "it says who the guest is"
        for secret in secrets
        if len(secret) > 5 and secret.casefold() in said
    ]


def _unless(is_good, sentence):
    return [] if is_good else [sentence]


def _refuse(word):
    raise ValueError(word)


def _no_twins(pairs):
    if len({key for key, _value in pairs}) != len(pairs):
        raise ValueError("a key stands there twice")
    return dict(pairs)
