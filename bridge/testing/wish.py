"""What another process may ask of a fake POS, read from JSON."""

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bridge.testing.behaviour import Behaviour, up


class WishError(Exception):
    """The wish cannot be read; the text says where and why."""


class Wish(BaseModel):
    """Only the fields that were named are meant; the defaults say nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    script: tuple[Behaviour, ...] = ()
    always: Behaviour = up()
    closed: str | None = None
    sold_out: frozenset[str] = frozenset()
    lag: float = Field(default=0.0, ge=0)
    listening: bool = True


def read_wish(body: bytes) -> Wish:
    """The wish; raises WishError."""
    try:
        return Wish.model_validate_json(body)
    except ValidationError as error:
        raise WishError(
            "; ".join(_said(one["loc"], one["msg"]) for one in error.errors())
        ) from error


def _said(place: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(part) for part in place)
    return f"{where}: {message}" if where else message
