"""What comes to pass: which calls the platform makes, in which order, and by which roads."""

from itertools import chain

from hypothesis import strategies as st

from bridge.model import Fate
from tests.unit.checkout.guests import MENU

# Most of it is about the same few, or nothing would ever meet.
whose = st.tuples(
    st.sampled_from(["lopez"] * 7 + ["garcia"]),
    st.sampled_from(["o1"] * 6 + ["o2"] * 2 + ["o3", "o4"]),
)
codes = st.sampled_from(["guest", "checkout", "always", "made up", ""])
people = st.sampled_from(["ann@example.com"] * 3 + ["bob@example.com"])
fates = st.sampled_from(list(Fate))
edits = st.sampled_from(["dishes", "nothing left", "served", "table", "due", "snooze", "closed"])
dishes = st.frozensets(st.sampled_from(sorted(MENU)), min_size=1)
falls = st.sampled_from(["whole", "whole", "half", "tax", "fee"])
checks = st.tuples(whose, st.just("checked"), st.tuples(codes, dishes, people))
starts = st.tuples(whose, st.just("started"), st.tuples(st.none() | dishes, st.booleans()))
placings = st.tuples(whose, st.just("placed"), fates)
changes = st.tuples(whose, st.just("changed"), st.tuples(edits, dishes))
refunds = st.tuples(
    whose, st.just("refunded"), st.tuples(falls, st.sampled_from(["Soup", "Salad"]))
)
ends = st.tuples(whose, st.sampled_from(["finished", "cancelled", "cancelled"]), st.none())
about_orders = [placings, placings, changes, refunds, ends]
calls = st.one_of(*about_orders, *about_orders, checks, starts)
roads = st.sampled_from(["straight", "straight", "and out", "detour", "lost"])


def come(who, typed, cart, fate, road):
    """What most guests do: type a code, go to pay, order."""
    return [
        ((who, "checked", (typed, *cart)), "straight"),
        ((who, "started", (None, False)), "straight"),
        ((who, "placed", fate), road),
    ]


meals = st.builds(come, whose, codes, st.tuples(dishes, people), fates, roads)
alone = st.tuples(calls, roads).map(lambda call: [call])
news = st.lists(st.one_of(*[alone] * 6, meals), min_size=1, max_size=6).map(
    lambda parts: list(chain(*parts))
)
# Two checkouts after the same codes, and neither orders anything.
hunters = st.sampled_from([("lopez", "o1"), ("lopez", "o3")])
carts = st.just(frozenset({"Salad", "Soup"})) | dishes
wishes = st.sampled_from(["guest", "guest", "guest", "checkout", "always", ""])
visits = st.builds(
    lambda who, *wish: come(who, wish[0], wish[1:], Fate.GONE, "lost"),
    hunters,
    wishes,
    carts,
    people,
)
steps = st.one_of(
    st.tuples(hunters, st.just("checked"), st.tuples(wishes, carts, people)),
    st.tuples(hunters, st.just("started"), st.tuples(st.none(), st.just(False))),
    *[st.tuples(hunters, st.sampled_from(["finished", "cancelled"]), st.none())] * 3,
).map(lambda call: [(call, "straight")])
hunts = st.lists(st.one_of(visits, steps), min_size=2, max_size=8).map(
    lambda parts: list(chain(*parts))
)
troubles = st.sampled_from(
    ["lost after it arrived", "lost before it arrived", "unreachable", "busy", "refused", "paper"]
)
