"""The kinds of value a setting can have: how each is checked, and how it is described."""

import re
import zoneinfo
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
)
from pydantic.fields import FieldInfo

from bridge.config.problem import suggestion

_LAST_PORT = 65535
_ZONE_LIKENESS = 0.8
# What the ledger's log takes before it is brought into the file, and some more: with less a reserve
# that was given up would be used up before it helped.
LEAST_RESERVE = 5
_MOST_RESERVE = 65536
_LONGEST_SOCKET = 107  # the kernel's limit for the path of a unix socket


class Section(BaseModel):
    """Frozen, without unknown keys, and never shown with its input in an error."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True
    )


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be written, in words; part of a setting's type."""

    text: str


class Address(NamedTuple):
    """Where a listener or a server is; `host` without brackets."""

    host: str
    port: int


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields by the names under which they are written."""
    names: dict[str, FieldInfo] = {}
    for name, info in model.model_fields.items():
        written = info.validation_alias
        names[written if isinstance(written, str) else name] = info
    return names


def parse_address(text: str) -> Address:
    """Raises ValueError when the text is not host:port."""
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/@\[\]]+)):([0-9]{1,5})", text)
    if not match:
        raise ValueError("an IPv6 host is written in brackets, as in [::1]:8080")
    port = int(match[3])
    if port > _LAST_PORT:
        raise ValueError(f"a port is at most {_LAST_PORT}")
    return Address(match[1] or match[2], port)


def _check_address(text: str) -> str:
    parse_address(text)
    return text


def _check_number(value: Any) -> Any:
    # Python counts True as 1; in a configuration it is a mistake.
    if isinstance(value, bool):
        raise ValueError("true and false are not numbers")  # noqa: TRY004  pydantic wants this one
    return value


def _check_reserve(megabytes: int) -> int:
    if 0 < megabytes < LEAST_RESERVE:
        raise ValueError(f"in less than {LEAST_RESERVE} MB the ledger cannot write what is open")
    return megabytes


def _check_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        names = zoneinfo.available_timezones()
        hint = _near_zone(name, names) if names else "this machine has no zones: install tzdata"
        raise ValueError(hint or "not in this machine's time zone database") from None
    return name


def _near_zone(name: str, names: set[str]) -> str:
    """The zone of that city, or one that is written nearly so; an abbreviation is like many."""
    city = name.casefold().replace(" ", "_")
    same = [zone for zone in names if zone.casefold().rpartition("/")[2] == city]
    return suggestion(same[0] if len(same) == 1 else name, names, likeness=_ZONE_LIKENESS)


def _from_folder(path: Path, info: ValidationInfo) -> Path:
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / path


def _check_socket(path: Path) -> Path:
    if len(str(path).encode()) > _LONGEST_SOCKET:
        raise ValueError(f"the path of a unix socket has at most {_LONGEST_SOCKET} bytes")
    return path


def _split(value: Any) -> Any:
    return value.split(",") if isinstance(value, str) else value


def _check_distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"more than once: {', '.join(twice)}")
    return values


Seconds = Annotated[
    float, BeforeValidator(_check_number), Field(allow_inf_nan=False), Allowed("seconds")
]
Count = Annotated[int, BeforeValidator(_check_number)]
HostPort = Annotated[
    str, AfterValidator(_check_address), Allowed("HOST:PORT, port 0 to 65535 (0: any free port)")
]
Server = Annotated[str, AfterValidator(_check_address)]
Servers = Annotated[
    tuple[Server, ...],
    BeforeValidator(_split),
    AfterValidator(_check_distinct),
    Field(min_length=1),
    Allowed("an array of one or more HOST:PORT"),
]
Reserve = Annotated[
    Count,
    AfterValidator(_check_reserve),
    Field(ge=0, le=_MOST_RESERVE),
    Allowed(f"0, or a whole number from {LEAST_RESERVE} to {_MOST_RESERVE}"),
]
Identifier = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$"), Allowed("1 to 64 of A-Z a-z 0-9 _ -")
]
Identifiers = Annotated[
    tuple[Identifier, ...],
    AfterValidator(_check_distinct),
    Field(min_length=1),
    Allowed("an array of one or more ids of restaurants"),
]
Zone = Annotated[
    str, AfterValidator(_check_zone), Allowed('an IANA name such as "America/New_York"')
]
Place = Annotated[
    Path,
    AfterValidator(_from_folder),
    Allowed("a path; a relative one starts in the folder of this file"),
]
SocketPlace = Annotated[
    Place, AfterValidator(_check_socket), Allowed(f"a path of at most {_LONGEST_SOCKET} bytes")
]
WebAddress = Annotated[
    str,
    Field(pattern=r"^(https?://[^\s/@]+(/\S*)?)?$"),
    Allowed("an address that begins with http:// or https://"),
]
