"""What is sent back to the ordering platform."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`status` 2XX lets the guest pay; `code` is the stable machine word for the reason."""

    status: int
    code: str
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_yes(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004  the HTTP class 2XX
