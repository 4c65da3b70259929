"""What can be set."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("must be an absolute path: a daemon has no directory of its own")
    return path


class FileSettings(BaseModel):
    """Settings of the file adapter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    directory: Annotated[Path, AfterValidator(_absolute)] = Field(
        description="Where the tickets go. It must exist and be writable; it is never created.",
        examples=["/var/spool/tickets"],
    )
    columns: int = Field(
        default=42,
        ge=24,
        le=120,
        description="Width of the text ticket: 42 or 48 on 80 mm paper, 32 on 58 mm.",
    )
