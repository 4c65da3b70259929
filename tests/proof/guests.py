"""The platform: it plays the guests' evenings against a site, and writes down what it heard."""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aiohttp

from bridge.model import CheckoutStarted, Order, OrderChanged, OrderPlaced, PriceCheck
from bridge.testing.guests import Guest
from bridge.testing.noise import Call, Noise, Sent
from bridge.testing.replies import code_of
from bridge.testing.steps import ASSUMED, Reply
from bridge.testing.story import Story
from bridge.testing.tabs import Due, Tabs
from tests.proof.cases import HUNG_UP
from tests.proof.history import Journal
from tests.proof.stall import Stalls

ALL, PART, NONE, REFUSED = "all", "part", "none", "refused"
_TIMEOUT: Final = 10.0
# Nobody listens: whoever it was tries again, and gives up.
_AGAIN_AFTER: Final = (0.3, 1.0)
_TRIES: Final = 12
# The mean time between two calls of a guest.
_PACE: Final = 0.5
# So many are at restaurants that have all hooks; the others have the two of orders only.
_PARTNERS: Final = 0.5
# Longer than any kitchen of the proof prepares.
_FAR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the platform reaches a site; `url` is the endpoint's."""

    site: str
    url: str
    username: str
    password: str
    on_commit: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came of one copy of a call: how much of the answer."""

    reply: Reply
    how: str


class Bbot:
    """Serves any number of guests side by side; `numbers` gives each call its own.

    The time of an answer is told without that in which the kit itself stood still.
    """

    def __init__(
        self,
        door: Door,
        session: aiohttp.ClientSession,
        journal: Journal,
        numbers: Iterator[int],
        stalls: Stalls,
        *,
        quirks: float = 0.05,
        repeats: float = 0.05,
    ) -> None:
        self._door = door
        self._session = session
        self._journal = journal
        self._numbers = numbers
        self._stalls = stalls
        self._quirks = quirks
        self._repeats = repeats

    async def serve(self, guest: Guest, chance: random.Random) -> None:
        """One guest's evening, and what is due of it."""
        # Of its own, so that a quirk more or less does not change the story.
        luck = random.Random(chance.getrandbits(64))  # noqa: S311  of a load
        noise = Noise(luck, share=self._quirks, repeats=self._repeats)
        story = Story(guest, chance, _now, pace=_PACE, has_partner=luck.random() < _PARTNERS)
        account = Account(self._door)
        async with asyncio.TaskGroup() as beside:
            await self._play(noise.disturb(story.tell()), account, beside)
        for record in account.close(_now()):
            self._journal.append("due", **record)

    async def _play(self, calls: Sent, account: "Account", beside: asyncio.TaskGroup) -> None:
        call = next(calls, None)
        while call is not None:
            await asyncio.sleep(call.step.after)
            reply = ASSUMED
            if call.waits:
                reply = await self._make(call, account)
            else:
                beside.create_task(self._make(call, account))
            try:
                call = calls.send(reply)
            except StopIteration:
                return

    async def _make(self, call: Call, account: "Account") -> Reply:
        """All copies of a call; the best answer counts."""
        number = next(self._numbers)
        heard = await asyncio.gather(
            *(self._insist(call, number, copy) for copy in range(call.copies))
        )
        if not call.is_broken and not call.hangs_up:
            account.learn(call, heard)
        return max((each.reply for each in heard), key=lambda reply: (reply.is_yes, reply.status))

    async def _insist(self, call: Call, number: int, copy: int) -> Heard:
        """Again while nobody listens."""
        for attempt in range(_TRIES):
            heard = await self._tell(call, number, copy + attempt * call.copies)
            if heard.how != REFUSED or call.hangs_up:
                break
            await asyncio.sleep(random.uniform(*_AGAIN_AFTER))  # noqa: S311  of a load
        return heard

    async def _tell(self, call: Call, number: int, copy: int) -> Heard:
        name = {"call": number, "copy": copy}
        self._journal.append("sent", **name, **_about(call, self._door.site))
        begun = time.monotonic()
        heard = await self._post(call)
        ended = time.monotonic()
        is_left = call.hangs_up and heard.how in {NONE, PART}
        self._journal.append(
            "answered",
            **name,
            status=heard.reply.status,
            code=HUNG_UP if is_left else code_of(call.step, heard.reply),
            ms=(ended - begun - self._stalls.within(begun, ended)) * 1000,
            heard=heard.how,
        )
        return heard

    async def _post(self, call: Call) -> Heard:
        address = self._door.url if call.is_bare else f"{self._door.url}/{call.step.hook}"
        patience = aiohttp.ClientTimeout(total=call.hangs_up or _TIMEOUT)
        how = NONE
        try:
            async with self._session.post(
                address,
                data=getattr(call.dressed, "sent", call.dressed.body),
                headers=self._headers(call),
                allow_redirects=False,
                timeout=patience,
            ) as answer:
                how = PART
                reply = Reply(status=answer.status, body=await answer.read())
                return Heard(reply=reply, how=ALL)
        except aiohttp.ClientConnectorError:
            return Heard(reply=Reply(status=0), how=REFUSED)
        except (aiohttp.ClientError, TimeoutError):
            return Heard(reply=Reply(status=0), how=how)

    def _headers(self, call: Call) -> dict[str, str]:
        headers = {"Content-Type": call.dressed.content_type}
        if getattr(call.dressed, "is_packed", False):
            headers["Content-Encoding"] = "gzip"
        if not getattr(call, "is_nameless", False):
            login = aiohttp.encode_basic_auth(self._door.username, self._door.password)
            headers["Authorization"] = login
        return headers


class Account:
    """What a guest may expect in the end, from what was heard."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._tabs = Tabs()
        self._orders: dict[str, Order] = {}

    def learn(self, call: Call, heard: list[Heard]) -> None:
        """A yes counts; what was never taken does not; of the rest nobody knows."""
        event = call.step.event
        reached = [each for each in heard if each.how != REFUSED]
        if any(each.how == ALL and each.reply.is_yes for each in reached):
            self._tabs.learn(event)
            if isinstance(event, OrderPlaced | OrderChanged):
                self._note(event.order)
        elif reached and (call.step.is_news or not all(each.reply.status for each in reached)):
            # News without a yes may have been kept all the same: only its answer was too late.
            self._tabs.doubt(event)
        if isinstance(event, OrderPlaced | OrderChanged):
            self._orders.setdefault(event.order_id, event.order)
        if isinstance(event, OrderPlaced):
            self._tabs.name(event.order)

    def _note(self, order: Order) -> None:
        known = self._orders.get(order.id)
        if known is None or order.is_newer_than(known):
            self._orders[order.id] = order

    def close(self, now: datetime) -> Iterator[dict[str, Any]]:
        """The records of what is due."""
        for due in self._tabs.close():
            yield self._describe(due, self._orders[due.order_id], now)

    def _describe(self, due: Due, order: Order, now: datetime) -> dict[str, Any]:
        return {
            "site": self._door.site,
            "restaurant": order.restaurant,
            "order": due.order_id,
            # Nobody waits here for an order that is for later, and was not hurried.
            "wanted": due.is_wanted and not _is_far(order, now),
            "signed": due.is_signed,
            "cancelled": due.is_cancelled,
            "unclear": due.is_unclear,
            "must": dict(due.must),
            "may": [sorted(names) for names in due.may],
            "on_commit": order.restaurant in self._door.on_commit,
        }


def _about(call: Call, site: str) -> dict[str, Any]:
    """A wreck is about nothing: it justifies no ticket, and no block."""
    event = call.step.event
    is_asked = isinstance(event, OrderPlaced | CheckoutStarted | PriceCheck)
    about = {"site": site, "hook": call.step.hook, "restaurant": event.restaurant}
    if call.is_broken:
        return {**about, "order": "", "checkout": "", "at_stake": False}
    return {
        **about,
        "order": getattr(event, "order_id", ""),
        "checkout": event.checkout_id,
        "at_stake": is_asked and not call.hangs_up,
    }


def _is_far(order: Order, now: datetime) -> bool:
    moments = [moment for moment in (order.due_at, order.snoozed_until) if moment]
    return bool(moments) and max(moments) > now + _FAR


def _now() -> datetime:
    return datetime.now(UTC)
