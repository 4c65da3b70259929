"""Whose the service charges of a checkout are, and what was refunded of things nobody knows.

Charges go with one order alone: the one that told of them; else the one that has a fee of its own
and is made. What is on no order, and charges that no order speaks of, are told with the order that
counts most.
"""

from collections.abc import Iterable

from bridge.ledger.book import CHARGE, Checkout
from bridge.ledger.claims import Claim
from bridge.model import Remainder


def find_payer(claims: Iterable[Claim], checkout: Checkout) -> Claim | None:
    """The order that the charges go with; None if nobody can say."""
    paying = [one for one in _living(claims) if one.has_fee]
    tellers = [one for one in paying if one.tells_fee]
    if len(paying) > 1 and len(checkout.charges) > 1 and not tellers:
        return None
    named = {one.id for one in checkout.items}
    return max(
        tellers or paying,
        key=lambda one: (not named.isdisjoint(one.keys), one.rank),
        default=None,
    )


def find_strays(mine: Claim, others: list[Claim], checkout: Checkout) -> tuple[Remainder, ...]:
    """What was refunded, is nobody's, and is told with this order."""
    claims = [mine, *others]
    strays = [one for one in checkout.items if not any(one.id in claim.keys for claim in claims)]
    if find_payer(claims, checkout) is None:
        strays += [
            Remainder(id=CHARGE + one.id, price_cents=one.price_cents, tax_cents=one.tax_cents)
            for one in checkout.charges
        ]
    is_heir = max(_living(claims), key=lambda one: one.rank) is mine
    told = {key for one in others for key in one.doubted}
    return tuple(
        one for one in strays if one.id in mine.doubted or (is_heir and one.id not in told)
    )


def _living(claims: Iterable[Claim]) -> list[Claim]:
    """Those of orders that are made; all of them where none is."""
    claims = list(claims)
    return [one for one in claims if one.is_live] or claims
