"""Checkouts in any order, repeated, lost, over restarts: nobody has a code more often than may be.

Beside the quotes runs a small model that knows only the rules: who counts, and for how long.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bridge.ingress.promotions import UNCHECKED, USED
from bridge.ingress.quotes import REPEATED_FOR
from bridge.ledger.promotions import RESERVED_FOR
from tests.quoting import Guest, House, line, promotion

PROMOTIONS = (
    promotion("GUEST", once_per="guest"),
    promotion("CHECKOUT", once_per="checkout", percent=20),
    promotion("ALWAYS", percent=50, minimum_cents=2000),
)
CODES = ["guest", "checkout", "always", "made up", ""]
PEOPLE = ["ann@example.com", "bob@example.com"]
CHECKOUTS = ["c-1", "c-2", "c-3", "c-4"]
CARTS = [
    (line("a", 1194, 3), line("b", 250)),
    (line("a", 1194, 1), line("b", 333, 3)),
    (line("a", 1),),
]

checkouts, people = st.sampled_from(CHECKOUTS), st.sampled_from(PEOPLE)


@dataclass
class Held:
    """What a checkout had at its last start."""

    code: str
    person: str
    at: float
    is_back: bool = False


class Checkouts(RuleBasedStateMachine):
    capacity = None

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.house = House(promotions=PROMOTIONS)
        self.guests = {
            name: Guest(self.house, checkout_id=name, guest_id=PEOPLE[0]) for name in CHECKOUTS
        }
        # The model: codes typed, what was shown, what is held, what was paid.
        self.code = dict.fromkeys(CHECKOUTS, "")
        self.shown = {}
        self.held = {}
        self.paid = set()
        self.unseen = set(CHECKOUTS)
        self.begin()

    def teardown(self):
        self.house.ledger.close()
        self.loop.close()

    def begin(self):
        if self.capacity is not None:
            self.house.quotes._visits._capacity = self.capacity
            self.house.quotes._register._uses._capacity = 2

    @property
    def now(self):
        return self.house.now.timestamp()

    def run(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    def is_taken(self, name):
        """True if the code of that checkout is not to be had there."""
        code, person = self.code[name], self.guests[name].guest_id
        if code not in {"guest", "checkout"}:
            return False
        if any((paid, use) == (name, code) for paid, use, _person in self.paid):
            return True
        return code == "guest" and (
            any(use == code and who == person for _name, use, who in self.paid)
            or any(
                held.code == code and held.person == person and self.counts(held)
                for other, held in self.held.items()
                if other != name
            )
        )

    def counts(self, held):
        return not held.is_back and held.at > self.now - RESERVED_FOR

    def fits(self, name):
        total = sum(each.total_cents for each in self.guests[name].lines)
        worth = {"guest": 1, "checkout": 3, "always": 2000}
        return self.code[name] in worth and total >= worth[self.code[name]]

    def expect(self, name, off):
        """The model's word, where nothing was forgotten and all could be looked up."""
        if self.capacity is None and UNCHECKED not in self.guests[name].told:
            assert (self.guests[name].off > 0) == off

    @rule(name=checkouts, typed=st.sampled_from(CODES), cart=st.sampled_from(CARTS))
    def check(self, name, typed, cart):
        guest = self.guests[name]
        has_input = any(each["prompt_type"] == "textinput" for each in guest.prompts)
        guest.lines = cart
        self.unseen.discard(name)
        self.run(guest.check(typed))
        if typed and has_input:
            self.code[name] = typed
        self.expect(name, self.fits(name) and not self.is_taken(name))
        self.shown[name] = (cart, self.code[name], guest.off > 0, self.now)

    @rule(name=checkouts, attempt=st.sampled_from(["a-1", "a-2"]))
    def start(self, name, attempt):
        guest = self.guests[name]
        if name in self.unseen:
            # The start itself does not say who the guest is.
            self.check(name, "", guest.lines)
        self.run(guest.start(attempt))
        off = self.fits(name) and not self.is_taken(name)
        cart, code, was_off, at = self.shown.get(name, (None, "", False, 0.0))
        if (cart, code) == (guest.lines, self.code[name]) and self.now - at < REPEATED_FOR:
            off = off and was_off
        else:
            self.shown[name] = (guest.lines, self.code[name], guest.off > 0, self.now)
        self.expect(name, off)
        self.held.pop(name, None)
        if guest.off:
            self.held[name] = Held(self.code[name], guest.guest_id, self.now)
        if USED in guest.told and self.shown[name][2]:
            self.shown[name] = (guest.lines, self.code[name], False, self.now)

    @rule(name=checkouts)
    def finish(self, name):
        self.guests[name].finish()
        held = self.held.get(name)
        if held is None:
            return
        code, person = self.code[name], self.guests[name].guest_id
        self.code[name], self.guests[name].guest_id = held.code, held.person
        if self.counts(held) or not self.is_taken(name):
            self.paid.add((name, held.code, held.person))
            del self.held[name]
        self.code[name], self.guests[name].guest_id = code, person

    @rule(name=checkouts)
    def cancel(self, name):
        self.guests[name].cancel()
        if name in self.held:
            self.held[name].is_back = True

    @rule(name=checkouts, person=people)
    def log_in(self, name, person):
        """Seen by us with the next price check."""
        self.guests[name].guest_id = person
        self.guests[name].prompts = []
        self.check(name, "", self.guests[name].lines)

    @rule(seconds=st.sampled_from([1, REPEATED_FOR, RESERVED_FOR / 2, RESERVED_FOR]))
    def wait(self, seconds):
        self.house.now += timedelta(seconds=seconds)

    @rule()
    def lose_the_disk(self):
        self.house.ledger.down = True

    @rule()
    def mend_the_disk(self):
        self.house.ledger.catch_up()

    @rule()
    def restart(self):
        self.mend_the_disk()
        self.house.restart()
        self.begin()
        self.run(self.house.quotes.load())
        self.shown.clear()
        self.unseen = set(CHECKOUTS)
        for name, code in self.code.items():
            if code == "made up":
                self.code[name] = ""
        for guest in self.guests.values():
            guest.prompts = []

    @invariant()
    def nobody_has_a_code_more_often_than_may_be(self):
        rows = [
            row
            for row in self.house.ledger.rows()
            if row["state"] == "committed"
            or (row["state"] == "reserved" and row["at"] > self.now - RESERVED_FOR)
        ]
        once = [row["guest"] for row in rows if row["code"] == "guest"]
        assert len(set(once)) == len(once)

    @invariant()
    def what_was_paid_is_on_record(self):
        if self.capacity is None and not self.house.ledger.down:
            found = {
                (row["checkout_id"], row["code"])
                for row in self.house.ledger.rows()
                if row["state"] == "committed"
            }
            assert found == {(name, code) for name, code, _person in self.paid}


class ForgetfulCheckouts(Checkouts):
    """With memory for one checkout only, so that almost all is in the ledger alone."""

    capacity = 1


TestCheckouts = Checkouts.TestCase
TestCheckouts.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestForgetfulCheckouts = ForgetfulCheckouts.TestCase
TestForgetfulCheckouts.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
