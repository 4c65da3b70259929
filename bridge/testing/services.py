"""What the bridge hands to an adapter, for use in tests."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp

from bridge.adapter import RestaurantFacts, Services

RESTAURANT = RestaurantFacts(id="demo", name="Demo Bistro", timezone="America/New_York")


@asynccontextmanager
async def open_services(
    restaurant: RestaurantFacts = RESTAURANT,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncIterator[Services]:
    """Services with a real HTTP session, closed at the end."""
    async with aiohttp.ClientSession() as http:
        yield Services(http=http, now=now, restaurant=restaurant)
