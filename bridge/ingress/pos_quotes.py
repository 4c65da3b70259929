"""What an adapter says to a cart: asked once for the same cart, and never waited for long."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import structlog

from bridge import fault
from bridge.model import Cart, Deadline, GivenPrompt, Quote
from bridge.sources.bbot.reply import own_prompts
from bridge.sources.quote import mend

# Seconds. The platform asks again each time an item is added, and more often than that.
KEPT_FOR = 60.0
# After trouble the adapter is left alone so long; guests must not wait for it each time. It also
# is how long "nothing to say" counts, which an adapter says that is not open yet.
REST = 5.0
# An adapter that had less time than this is not to blame for being late.
FAIR = 0.3
# What guests typed into an adapter's fields is kept for so many of them, and so much of it.
INPUTS = 24
_LONGEST_INPUT = 200
_INPUT = "textinput"
# One restaurant's adapter is asked about so many carts at once; the next one goes without.
FLIGHTS = 8
# What is left of the answer's time when the adapter's is over.
MARGIN = 0.1

# Begins the ids of an adapter's prompts, so that none is taken for one of ours.
_PREFIX = "pos:"

# The quote of a cart, or None where the restaurant's adapter makes none.
AskAdapter = Callable[[Cart, Deadline], Awaitable[object]]
# Whether a restaurant's adapter makes quotes.
Quoting = Callable[[str], bool]
Count = Callable[[str, str], None]

log = structlog.get_logger()


@dataclass(slots=True)
class Asked:
    """What one checkout's cart was last asked about, and the answer until it is too old.

    Of the question only a digest: a cart is big, and checkouts are many. `inputs`: what the guest
    typed last into each of the adapter's fields, which come back empty with the next item.
    """

    question: bytes = b""
    inputs: dict[str, str] = field(default_factory=dict)
    flight: "asyncio.Task[None] | None" = None
    quote: Quote = field(default_factory=Quote)
    until: float = 0.0


class PosQuotes:
    """`count` hears of each trouble: the restaurant, and what it was.

    `quoting`: whose adapters are worth asking.
    """

    def __init__(
        self,
        ask: AskAdapter | None,
        *,
        now: Callable[[], float],
        count: Count,
        quoting: Quoting = lambda _restaurant: True,
    ) -> None:
        self._ask = ask
        self._quoting = quoting
        self._now = now
        self._count = count
        self._flights: dict[asyncio.Task[None], str] = {}
        # By restaurant, until when its adapter is left alone.
        self._rests: dict[str, float] = {}

    def can_ask(self, restaurant: str) -> bool:
        return self._ask is not None and self._quoting(restaurant)

    async def find(self, asked: Asked, cart: Cart, deadline: Deadline) -> Quote:
        """The adapter's sound quote; an empty one if there is none in time."""
        limit = deadline.left - MARGIN
        if self._ask is None or not self._quoting(cart.restaurant) or limit <= 0:
            return Quote()
        cart = replace(cart, prompts=_take_inputs(asked, _prompts_of_adapter(cart)), remarks=())
        question = _digest(cart)
        if asked.question != question or self._is_old(asked):
            if not self._may_set_out(cart.restaurant):
                return Quote()
            self._set_out(self._ask, asked, cart, deadline)
            asked.question = question
        if asked.flight is not None:
            flight = asked.flight
            # It serves all who ask the same; the time-out is this caller's alone.
            await asyncio.wait({flight}, timeout=limit)
            if not flight.done():
                return Quote()
        return asked.quote if asked.question == question else Quote()

    def _is_old(self, asked: Asked) -> bool:
        return asked.flight is None and self._now() >= asked.until

    def _may_set_out(self, restaurant: str) -> bool:
        if self._now() < self._rests.get(restaurant, 0.0):
            return False
        is_free = sum(name == restaurant for name in self._flights.values()) < FLIGHTS
        if not is_free:
            self._count(restaurant, "adapter_busy")
        return is_free

    def _set_out(self, ask: AskAdapter, asked: Asked, cart: Cart, deadline: Deadline) -> None:
        asked.quote = Quote()
        flight = asyncio.create_task(self._fly(ask, asked, cart, deadline))
        asked.flight = flight
        self._flights[flight] = cart.restaurant
        flight.add_done_callback(self._flights.pop)

    async def _fly(self, ask: AskAdapter, asked: Asked, cart: Cart, deadline: Deadline) -> None:
        quote, kept_for = Quote(), REST
        seconds = deadline.left - MARGIN
        try:
            async with asyncio.timeout(seconds):
                given = await ask(cart, deadline)
            if given is not None:
                quote, kept_for = self._mend(given, cart), KEPT_FOR
        except TimeoutError:
            self._count(cart.restaurant, "adapter_late")
            log.warning("adapter_quote_not_in_time", restaurant=cart.restaurant)
            if seconds >= FAIR:
                self._leave_alone(cart.restaurant)
        except Exception as error:  # noqa: BLE001  an adapter may raise anything
            self._count(cart.restaurant, "adapter_failed")
            fault.tell("adapter_quote_failed", error, restaurant=cart.restaurant)
            self._leave_alone(cart.restaurant)
        finally:
            if asked.flight is asyncio.current_task():
                asked.flight = None
                asked.quote, asked.until = quote, self._now() + kept_for

    def _leave_alone(self, restaurant: str) -> None:
        """For all its guests: what one waited for in vain, the next must not wait for again."""
        self._rests[restaurant] = self._now() + REST

    def _mend(self, given: object, cart: Cart) -> Quote:
        sound, problems = mend(given, cart)
        if problems:
            self._count(cart.restaurant, "adapter_mended")
            log.warning("adapter_quote_mended", restaurant=cart.restaurant, problems=list(problems))
        prompts = (replace(prompt, id=_PREFIX + prompt.id) for prompt in sound.prompts)
        return replace(sound, prompts=tuple(prompts))


def _prompts_of_adapter(cart: Cart) -> tuple[GivenPrompt, ...]:
    """Those that came back and are the adapter's, under the ids it gave them."""
    return tuple(
        replace(prompt, id=prompt.id.removeprefix(_PREFIX))
        for prompt in own_prompts(cart)
        if prompt.id.startswith(_PREFIX)
    )


def _take_inputs(asked: Asked, given: tuple[GivenPrompt, ...]) -> tuple[GivenPrompt, ...]:
    """The prompts with what was typed before, also where they did not come back at all."""
    for prompt in given:
        if prompt.kind == _INPUT and prompt.value:
            asked.inputs.pop(prompt.id, None)
            asked.inputs[prompt.id] = prompt.value[:_LONGEST_INPUT]
    while len(asked.inputs) > INPUTS:
        del asked.inputs[next(iter(asked.inputs))]
    missing = dict(asked.inputs)
    found = []
    for prompt in given:
        typed = missing.pop(prompt.id, "")
        found.append(replace(prompt, value=typed) if prompt.kind == _INPUT else prompt)
    return (*found, *(GivenPrompt(id=one, kind=_INPUT, value=missing[one]) for one in missing))


def _digest(cart: Cart) -> bytes:
    return hashlib.sha256(repr(cart).encode(errors="replace")).digest()
