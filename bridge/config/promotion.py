"""What can be set for one promotion: a code that the guest types, and what it is good for."""

import re
import unicodedata
from datetime import datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from bridge.config.kinds import Allowed, Section

LONGEST_CODE = 64
_MOST_CENTS = 10_000_000

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

# What phones make of an apostrophe and a hyphen while one types.
_PLAIN = str.maketrans(
    dict.fromkeys("\u2018\u2019\u02bc\u00b4`", "'")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
)


def fold(code: str) -> str:
    """The same for all ways to write a code; "" if nothing is written there."""
    composed = unicodedata.normalize("NFKC", code.translate(_PLAIN)).casefold()
    return " ".join(unicodedata.normalize("NFKC", composed).split())


def _check_code(code: str) -> str:
    if not fold(code) or not code.isprintable():
        raise ValueError("a guest could not type it")
    return code


def _exact(value: Any) -> Any:
    # The shortest decimal that reads as this float is what was written.
    return Decimal(repr(value)) if type(value) in {int, float} else value


def _clock(value: Any) -> Any:
    """TOML wants seconds; a text without them reads better."""
    if isinstance(value, str) and re.fullmatch(r"[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?", value):
        return time.fromisoformat(value)
    return value


def _check_distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"more than once: {', '.join(twice)}")
    return values


Code = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_CODE),
    AfterValidator(_check_code),
    Allowed(f"text of 1 to {LONGEST_CODE} characters"),
]
# Not strict, 5.0 would be taken as 5 cents where somebody meant dollars.
Cents = Annotated[int, Field(strict=True, le=_MOST_CENTS)]
Amount = Annotated[Cents, Field(ge=1), Allowed(f"whole cents, 1 to {_MOST_CENTS}; or percent")]
Minimum = Annotated[Cents, Field(ge=0), Allowed(f"whole cents, 0 to {_MOST_CENTS}")]
Percent = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Field(strict=True, gt=0, le=100, max_digits=7, decimal_places=4, allow_inf_nan=False),
    Allowed("a number above 0 and at most 100 with at most 4 decimals; or amount_cents"),
]
Moment = Annotated[
    datetime,
    Field(strict=True),
    Allowed("a date with a time, such as 2026-05-01T17:00:00 or 2026-05-01T17:00:00-04:00"),
]
DayTime = Annotated[
    time, BeforeValidator(_clock), Field(strict=True), Allowed('a time of day such as "17:30"')
]
Weekdays = Annotated[
    tuple[Weekday, ...],
    AfterValidator(_check_distinct),
    Allowed('an array of "mon" "tue" "wed" "thu" "fri" "sat" "sun"'),
]
Ids = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=255)], ...],
    AfterValidator(_check_distinct),
    Allowed("an array of texts of 1 to 255 characters"),
]
Codes = Annotated[
    tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")], ...],
    AfterValidator(_check_distinct),
    Allowed('an array of Bbot\'s words, such as "patron_pickup" or "driver_delivery"'),
]


class Promotion(Section):
    """A code that guests type, and what it takes off. As many as wanted in a restaurant's file."""

    code: Code = Field(
        title="Code",
        description="What the guest types. Capitals, and spaces around it, make no difference.",
        examples=["WELCOME"],
    )
    name: Annotated[str, Allowed("text of 1 to 100 characters")] = Field(
        min_length=1,
        max_length=100,
        title="Name",
        description="What the guest reads beside the price.",
        examples=["Welcome back"],
    )
    amount_cents: Amount | None = Field(
        default=None,
        title="Amount",
        description="This much is taken off, never more than the dishes cost.",
        examples=[500],
    )
    percent: Percent | None = Field(
        default=None,
        title="Percent",
        description="This part of the price before tax is taken off, to the nearest cent.",
        examples=[12.5],
    )
    minimum_cents: Minimum = Field(
        default=0,
        title="Minimum",
        description="The cart must cost at least this before tax.",
    )
    starts: Moment | None = Field(
        default=None,
        title="Start",
        description="Not before. Without an offset it is in the restaurant's time zone.",
        examples=[datetime(2025, 6, 1, 9)],  # noqa: DTZ001  as it is written in the file
    )
    ends: Moment | None = Field(
        default=None,
        title="End",
        description="From then on no more.",
        examples=[datetime(2025, 9, 1, 0)],  # noqa: DTZ001  as it is written in the file
    )
    weekdays: Weekdays = Field(
        default=(),
        title="Weekdays",
        description="Only on these days; none are all.",
        examples=[["mon", "tue", "wed", "thu"]],
    )
    daily_from: DayTime | None = Field(
        default=None,
        validation_alias="from",
        title="Daily from",
        description="Each day not before, by the restaurant's clock.",
        examples=["17:00"],
    )
    daily_until: DayTime | None = Field(
        default=None,
        validation_alias="until",
        title="Daily until",
        description="Each day no more from then on. Earlier than from: past midnight, and the "
        "night counts to the day on which it began.",
        examples=["19:30"],
    )
    once_per: Literal["guest", "checkout"] | None = Field(
        default=None,
        title="Once per",
        description="guest: once for each guest, known by session, email or phone, and once per "
        "checkout for those who are not known. checkout: not again once the checkout is finished. "
        "Not set: as often as wanted.",
        examples=["guest"],
    )
    items: Ids = Field(
        default=(),
        title="Dishes",
        description="Only for these dishes, by their menu item ids at Bbot. With tags as well: "
        "for what is named by either.",
        examples=[["b80328d4-d5ff-4676-a224-22e7014a0d14"]],
    )
    tags: Ids = Field(
        default=(),
        title="Tags",
        description="Only for dishes that have one of these tags.",
        examples=[["lunch"]],
    )
    fulfilment: Codes = Field(
        default=(),
        title="Fulfilment",
        description="Only for orders that reach the guest in one of these ways; none are all.",
        examples=[["patron_pickup", "server_delivery"]],
    )

    @property
    def folded(self) -> str:
        """The code as codes are compared."""
        return fold(self.code)

    @field_validator("percent")
    @classmethod
    def _check_one_of_two(cls, percent: Decimal | None, info: ValidationInfo) -> Decimal | None:
        if "amount_cents" not in info.data:
            return percent  # it is wrong, and told of
        amount = info.data["amount_cents"]
        if percent is None and amount is None:
            raise PydanticCustomError("missing", "neither amount_cents nor percent")
        if percent is not None and amount is not None:
            raise ValueError("amount_cents is there as well: keep one of the two")
        return percent

    @field_validator("ends")
    @classmethod
    def _check_ends(cls, ends: datetime | None, info: ValidationInfo) -> datetime | None:
        starts = info.data.get("starts")
        if ends is None or starts is None:
            return ends
        if (starts.tzinfo is None) is not (ends.tzinfo is None):
            raise ValueError("write starts and ends both with an offset, or both without")
        if ends <= starts:
            raise ValueError("it must be later than starts")
        return ends

    @field_validator("daily_until")
    @classmethod
    def _check_until(cls, until: time | None, info: ValidationInfo) -> time | None:
        if until is not None and until == info.data.get("daily_from"):
            raise ValueError("the same as from: leave out both for the whole day")
        return until


def _check_codes(promotions: tuple[Promotion, ...]) -> tuple[Promotion, ...]:
    seen: dict[str, int] = {}
    for place, promotion in enumerate(promotions):
        first = seen.setdefault(promotion.folded, place)
        if first != place:
            raise ValueError(f'entries {first} and {place} both have the code "{promotion.code}"')
    return promotions


Promotions = Annotated[
    tuple[Promotion, ...], AfterValidator(_check_codes), Allowed("[[promotions]], each with a code")
]
