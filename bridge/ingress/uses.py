"""Which limited codes are taken: decided in memory at once, because the ledger is written later.

What memory does not hold any more is read from the ledger again, behind all that was posted.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from bridge.config.promotion import Promotion
from bridge.ledger import Ledger, Transaction, promotions
from bridge.ledger.promotions import RESERVED_FOR, Use, UseState, hurried

CAPACITY = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most one checkout that counts: of this guest, or this checkout itself only once.

    `guest`: a digest of one of the things by which the guest is known.
    """

    restaurant: str
    code: str
    guest: str = ""
    checkout_id: str = ""


@dataclass(slots=True)
class _Hold:
    is_committed: bool
    at: float


_Holds = dict[str, _Hold]


def limits_of(promotion: Promotion | None, use: Use) -> tuple[Limit, ...]:
    """Those that the promotion sets to this use; none if it may be used as often as wanted."""
    if promotion is None or promotion.once_per is None:
        return ()
    of_checkout = Limit(restaurant=use.restaurant, code=use.code, checkout_id=use.checkout_id)
    if promotion.once_per == "checkout":
        return (of_checkout,)
    of_guest = (
        Limit(restaurant=use.restaurant, code=use.code, guest=identity)
        for identity in use.identities
    )
    return of_checkout, *of_guest


class Uses:
    """What counts against each limit, by checkout. `now` in seconds."""

    def __init__(
        self, ledger: Ledger, *, now: Callable[[], float], capacity: int = CAPACITY
    ) -> None:
        self._ledger = ledger
        self._now = now
        self._capacity = capacity
        self._holds: dict[Limit, _Holds] = {}
        # What changed while a read was under way, which then tells of the time before.
        self._outdated: dict[object, set[Limit]] = {}

    async def learn(self, limits: Sequence[Limit]) -> None:
        """Afterwards all that counts against them is in memory. Raises LedgerError."""
        while missing := [limit for limit in limits if limit not in self._holds]:
            self._touch(limits)
            read = object()
            outdated = self._outdated[read] = set()
            try:
                found = await self._ledger.read(partial(_list, limits=missing))
            finally:
                del self._outdated[read]
            for limit, uses in zip(missing, found, strict=True):
                if limit not in outdated:
                    self._holds.setdefault(limit, {use.checkout_id: _hold(use) for use in uses})
            self._shrink()
        self._touch(limits)

    def is_used(self, limits: Iterable[Limit], checkout_id: str) -> bool:
        """True if the code is not to be had in this checkout; `learn` came before."""
        return any(
            hold.is_committed if holder == checkout_id else self._counts(hold)
            for limit in limits
            for holder, hold in self._holds[limit].items()
        )

    def reserve(self, limits: Iterable[Limit], checkout_id: str) -> None:
        """After `learn` and `is_used`, with no await in between."""
        for limit, holds in self._change(limits):
            counting = {holder: hold for holder, hold in holds.items() if self._counts(hold)}
            counting[checkout_id] = _Hold(is_committed=False, at=self._now())
            self._holds[limit] = counting

    def release(self, limits: Iterable[Limit], checkout_id: str) -> None:
        for _limit, holds in self._change(limits):
            hold = holds.get(checkout_id)
            if hold is not None and not hold.is_committed:
                del holds[checkout_id]

    def hurry(self, limits: Iterable[Limit], checkout_id: str) -> None:
        """Let what is reserved end soon: which of several attempts failed, nobody can say."""
        for _limit, holds in self._change(limits):
            hold = holds.get(checkout_id)
            if hold is not None and not hold.is_committed:
                hold.at = min(hold.at, hurried(self._now()))

    def commit(self, limits: Iterable[Limit], checkout_id: str) -> None:
        """Not if another checkout counts meanwhile, because this one took too long."""
        known = self._change(limits)
        if not any(
            holder != checkout_id and self._counts(hold)
            for _limit, holds in known
            for holder, hold in holds.items()
        ):
            for _limit, holds in known:
                holds[checkout_id] = _Hold(is_committed=True, at=self._now())

    def forget(self, limits: Iterable[Limit]) -> None:
        """Let the ledger say it when it is asked for again."""
        for limit in limits:
            self._holds.pop(limit, None)

    def _change(self, limits: Iterable[Limit]) -> list[tuple[Limit, _Holds]]:
        """Those that are in memory; a read that is under way is not to be believed for any."""
        limits = tuple(limits)
        for outdated in self._outdated.values():
            outdated.update(limits)
        return [(limit, self._holds[limit]) for limit in limits if limit in self._holds]

    def _counts(self, hold: _Hold) -> bool:
        return hold.is_committed or hold.at > self._now() - RESERVED_FOR

    def _touch(self, limits: Iterable[Limit]) -> None:
        for limit in limits:
            if limit in self._holds:
                self._holds[limit] = self._holds.pop(limit)

    def _shrink(self) -> None:
        while len(self._holds) > self._capacity:
            del self._holds[next(iter(self._holds))]


def _list(tx: Transaction, limits: Sequence[Limit]) -> list[list[Use]]:
    return [
        promotions.list_uses(
            tx, limit.restaurant, limit.code, guest=limit.guest, checkout_id=limit.checkout_id
        )
        for limit in limits
    ]


def _hold(use: Use) -> _Hold:
    return _Hold(is_committed=use.state is UseState.COMMITTED, at=use.at)
