"""The order in the POS's own format, and the POS's proof that it has it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """`body` is what goes to the POS; `preview` is the same for people, as plain text."""

    body: bytes
    content_type: str
    preview: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """`pos_ref` is the POS's own reference; `duplicate` says that it had the key before."""

    pos_ref: str
    duplicate: bool = False
