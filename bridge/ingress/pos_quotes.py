"""What an adapter says to a cart: asked once for the same cart, and never waited for long."""

import asyncio
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
# What is left of the answer's time when the adapter's is over.
MARGIN = 0.1

# Begins the ids of an adapter's prompts, so that none is taken for one of ours.
_PREFIX = "pos:"

# The quote of a cart, or None where the restaurant's adapter makes none.
AskAdapter = Callable[[Cart, Deadline], Awaitable[object]]
Count = Callable[[str, str], None]

log = structlog.get_logger()


@dataclass(slots=True)
class Asked:
    """What one checkout's cart was last asked about, and the answer until it is too old."""

    question: Cart | None = None
    flight: "asyncio.Task[None] | None" = None
    quote: Quote = field(default_factory=Quote)
    until: float = 0.0


class PosQuotes:
    """`count` hears of each trouble: the restaurant, and what it was."""

    def __init__(self, ask: AskAdapter | None, *, now: Callable[[], float], count: Count) -> None:
        self._ask = ask
        self._now = now
        self._count = count
        self._flights: set[asyncio.Task[None]] = set()

    @property
    def can_ask(self) -> bool:
        return self._ask is not None

    async def find(self, asked: Asked, cart: Cart, deadline: Deadline) -> Quote:
        """The adapter's sound quote; an empty one if there is none in time."""
        limit = deadline.left - MARGIN
        if self._ask is None or limit <= 0:
            return Quote()
        question = replace(cart, prompts=_prompts_of_adapter(cart), remarks=())
        if asked.question != question or self._is_old(asked):
            self._set_out(self._ask, asked, question, deadline)
        if asked.flight is not None:
            flight = asked.flight
            # It serves all who ask the same; the time-out is this caller's alone.
            await asyncio.wait({flight}, timeout=limit)
            if not flight.done():
                return Quote()
        return asked.quote if asked.question == question else Quote()

    def _is_old(self, asked: Asked) -> bool:
        return asked.flight is None and self._now() >= asked.until

    def _set_out(self, ask: AskAdapter, asked: Asked, question: Cart, deadline: Deadline) -> None:
        asked.question, asked.quote = question, Quote()
        flight = asyncio.create_task(self._fly(ask, asked, question, deadline))
        asked.flight = flight
        self._flights.add(flight)
        flight.add_done_callback(self._flights.discard)

    async def _fly(self, ask: AskAdapter, asked: Asked, question: Cart, deadline: Deadline) -> None:
        quote, kept_for = Quote(), REST
        try:
            async with asyncio.timeout(deadline.left - MARGIN):
                given = await ask(question, deadline)
            if given is not None:
                quote, kept_for = self._mend(given, question), KEPT_FOR
        except TimeoutError:
            self._count(question.restaurant, "adapter_late")
            log.warning("adapter_quote_not_in_time", restaurant=question.restaurant)
        except Exception as error:  # noqa: BLE001  an adapter may raise anything
            self._count(question.restaurant, "adapter_failed")
            fault.tell("adapter_quote_failed", error, restaurant=question.restaurant)
        finally:
            if asked.question is question:
                asked.flight = None
                asked.quote, asked.until = quote, self._now() + kept_for

    def _mend(self, given: object, question: Cart) -> Quote:
        sound, problems = mend(given, question)
        if problems:
            self._count(question.restaurant, "adapter_mended")
            log.warning(
                "adapter_quote_mended", restaurant=question.restaurant, problems=list(problems)
            )
        prompts = (replace(prompt, id=_PREFIX + prompt.id) for prompt in sound.prompts)
        return replace(sound, prompts=tuple(prompts))


def _prompts_of_adapter(cart: Cart) -> tuple[GivenPrompt, ...]:
    """Those that came back and are the adapter's, under the ids it gave them."""
    return tuple(
        replace(prompt, id=prompt.id.removeprefix(_PREFIX))
        for prompt in own_prompts(cart)
        if prompt.id.startswith(_PREFIX)
    )
