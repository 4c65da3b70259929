"""The register of codes: each step is decided in memory at once and posted to the ledger."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import structlog

from bridge.config.promotion import Promotion
from bridge.ingress.promotions import Offers
from bridge.ingress.uses import Limit, Uses, limits_of
from bridge.ledger import Ledger, LedgerError, Transaction, promotions
from bridge.ledger.promotions import Use
from bridge.model import Deadline

# Seconds, and how many: what is read of checkouts when the process starts.
REMEMBERED_FOR = 2 * 86400.0
REMEMBERED = 5_000

LOOK_UP = 0.6
TIDY_EVERY = 3600.0

Tell = Callable[[str, Exception, str], None]

log = structlog.get_logger()


class Register:
    """Never raises and waits only in `learn` and `load`; `tell` hears of trouble and restaurant.

    Of restaurants without promotions, and of carts without a checkout's id, nothing is kept.
    """

    def __init__(
        self,
        ledger: Ledger,
        offers: Mapping[str, Offers],
        *,
        now: Callable[[], float],
        tell: Tell,
    ) -> None:
        self._ledger = ledger
        self._offers = offers
        self._now = now
        self._tell = tell
        self._uses = Uses(ledger, now=now)
        self._tidied_at = 0.0

    async def load(self) -> list[Use]:
        """What a process before this one wrote lately; each checkout's newest code last."""
        since = self._now() - REMEMBERED_FOR
        self._tidy()
        try:
            return await self._ledger.read(lambda tx: promotions.list_recent(tx, since, REMEMBERED))
        except LedgerError as error:
            self._tell("uses_not_loaded", error, "")
            return []

    async def learn(self, use: Use, deadline: Deadline) -> bool:
        """Before `is_used`. False if nobody can say in time whether the code is used."""
        limits = self._limits(use)
        if not limits or not use.checkout_id:
            return not limits
        try:
            async with asyncio.timeout(deadline.within(LOOK_UP)):
                await self._uses.learn(limits)
        except (LedgerError, TimeoutError) as error:
            self._tell("uses_not_known", error, use.restaurant)
            return False
        return True

    def is_used(self, use: Use) -> bool:
        """True if its guest or checkout cannot have the code; right after `learn`."""
        return self._uses.is_used(self._limits(use), use.checkout_id)

    def remember(self, use: Use, *, has_row: bool) -> bool:
        """The code was typed. True if it is kept: one of ours, or one in the place of such.

        Of what guests make up only that is kept: which code it took the place of.
        """
        is_ours = use.code in self._by_code(use.restaurant)
        if not use.checkout_id or not (is_ours or has_row):
            return False
        kept = use if is_ours else replace(use, code="")
        self._post(lambda tx: promotions.remember(tx, kept), use.restaurant)
        return True

    def reserve(self, use: Use, held: Use | None) -> None:
        """The checkout starts with it, after it had `held`; with an amount of 0 without any."""
        if not self._keeps(use.restaurant, use.checkout_id):
            return
        limits = self._limits(use) if use.amount_cents else ()
        before = self._limits(held) if held else ()
        self._uses.release([limit for limit in before if limit not in limits], use.checkout_id)
        self._uses.reserve(limits, use.checkout_id)
        write = promotions.reserve if use.amount_cents else promotions.withdraw
        self._post(lambda tx: write(tx, use), use.restaurant)
        self._tidy()

    def finish(self, restaurant: str, checkout_id: str, held: Use | None) -> None:
        """The checkout was paid with what it held; without `held` the ledger knows."""
        if not self._keeps(restaurant, checkout_id):
            return
        if held is not None:
            self._uses.commit(self._limits(held), checkout_id)
        self._post(partial(self._commit, restaurant, checkout_id, self._now()), restaurant)

    def cancel(
        self, restaurant: str, checkout_id: str, held: Use | None, *, is_only_attempt: bool
    ) -> None:
        """An attempt of the checkout failed: the only one, or one of several."""
        if not self._keeps(restaurant, checkout_id):
            return
        if held is not None:
            free = self._uses.release if is_only_attempt else self._uses.hurry
            free(self._limits(held), checkout_id)
        now, write = self._now(), promotions.release if is_only_attempt else promotions.hurry
        self._post(lambda tx: write(tx, restaurant, checkout_id, now), restaurant)

    def forget(self, held: Use) -> None:
        """Nobody remembers its checkout any more: how that ends, the ledger alone will know."""
        self._uses.forget(self._limits(held))

    def _commit(self, restaurant: str, checkout_id: str, now: float, tx: Transaction) -> None:
        by_code = self._by_code(restaurant)
        once = [code for code, promotion in by_code.items() if promotion.once_per == "guest"]
        if not promotions.commit(tx, restaurant, checkout_id, now, once_per_guest=once):
            log.warning("promotion_used_twice", restaurant=restaurant, checkout_id=checkout_id)

    def _limits(self, use: Use) -> tuple[Limit, ...]:
        return limits_of(self._by_code(use.restaurant).get(use.code), use)

    def _keeps(self, restaurant: str, checkout_id: str) -> bool:
        return bool(checkout_id and self._by_code(restaurant))

    def _by_code(self, restaurant: str) -> Mapping[str, Promotion]:
        offers = self._offers.get(restaurant)
        return offers.by_code if offers else {}

    def _tidy(self) -> None:
        now = self._now()
        if now - self._tidied_at >= TIDY_EVERY:
            self._tidied_at = now
            self._post(lambda tx: promotions.tidy(tx, now), "")

    def _post(self, job: Callable[[Transaction], object], restaurant: str) -> None:
        try:
            self._ledger.post(job)
        except Exception as error:  # noqa: BLE001  nobody waits for it
            self._tell("use_not_posted", error, restaurant)
