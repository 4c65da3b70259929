"""Writes the example files and the tables of config/README.md from the settings' descriptions.

python -m bridge.config.document config
"""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bridge.config.description import allowed, default, example
from bridge.config.kinds import fields_of
from bridge.config.promotion import Promotion
from bridge.config.restaurant import Restaurant
from bridge.config.settings import Broker, Console, Endpoint, Ingress, Ledger, Log, MainFile

SECTIONS: dict[str, type[BaseModel]] = {
    "[ingress]": Ingress,
    "[console]": Console,
    "[ledger]": Ledger,
    "[broker]": Broker,
    "[log]": Log,
    "[[endpoints]]": Endpoint,
}
_PROMOTIONS = "[[promotions]]"
_TABLES = {"settings", "promotions"}
# What stands in the place of another setting, and so cannot be there as well.
_INSTEAD = {"percent"}
BEGIN = "<!-- settings: written by python -m bridge.config.document config -->\n"
END = "<!-- settings: end -->\n"

_MAIN_HEAD = """\
Every setting of the main file. minimal.toml is the better start: copy from here what you need.
`pos-bridge check` tells every mistake at once. Times are in seconds. Secrets are never written
here, only where they are kept: { credential = "NAME" }, { file = "/PATH" } or { env = "NAME" }.
"""
_RESTAURANT_HEAD = """\
Every setting of one restaurant; corner-cafe.toml beside it is the shortest. Times are in seconds.
"""
_WIDTH = 96


def write(folder: Path) -> None:
    """Brings the files of that folder up to date; the README keeps all outside its marks."""
    (folder / "example.toml").write_text(main_example(), "utf-8")
    (folder / "restaurants" / "example.toml").write_text(restaurant_example(), "utf-8")
    readme = folder / "README.md"
    readme.write_text(with_tables(readme.read_text("utf-8")), "utf-8")


def main_example() -> str:
    """The main file with every setting."""
    blocks = [_comment(_MAIN_HEAD), *_scalars(MainFile)]
    for heading, model in SECTIONS.items():
        blocks += [f"{_comment(model.__doc__ or '')}{heading}\n", *_scalars(model)]
    return "\n".join(blocks)


def restaurant_example() -> str:
    """A restaurant's file with every setting."""
    info = Restaurant.model_fields["settings"]
    blocks = [_comment(_RESTAURANT_HEAD), *_scalars(Restaurant)]
    blocks += [f"{_comment(info.description or '')}[settings]\n"]
    about = _comment(f"{Promotion.__doc__} The one here is over.")
    blocks += [f"{about}{_PROMOTIONS}\n", *_scalars(Promotion)]
    return "\n".join(blocks)


def tables() -> str:
    """Markdown: one table for each section."""
    described: dict[str, type[BaseModel]] = {
        "At the top of the main file": MainFile,
        **SECTIONS,
        "Restaurant file": Restaurant,
        f"`{_PROMOTIONS}` in a restaurant file": Promotion,
    }
    return "\n".join(_table(heading, model) for heading, model in described.items())


def with_tables(text: str) -> str:
    """The text with the tables between its marks replaced."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{tables()}\n{END}{rest.partition(END)[2]}"


def _settings(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """The fields that are described; of the main file, sections have tables of their own."""
    for name, info in fields_of(model).items():
        if info.description:
            yield name, info


def _scalars(model: type[BaseModel]) -> Iterator[str]:
    for name, info in _settings(model):
        if name not in _TABLES:
            facts = f"Allowed: {allowed(info)}. {_default(info)}"
            line = f"{'# ' if name in _INSTEAD else ''}{name} = {example(info)}\n"
            yield f"{_comment(info.description or '')}{_comment(facts)}{line}"


def _default(info: FieldInfo) -> str:
    return "Required." if info.is_required() else f"Default: {default(info)}."


def _comment(text: str) -> str:
    lines = textwrap.wrap(
        " ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False
    )
    return "".join(f"# {line}\n" for line in lines)


def _table(heading: str, model: type[BaseModel]) -> str:
    title = f"`{heading}`" if heading.startswith("[") else heading
    about = "" if model is MainFile else f"{model.__doc__}\n\n"
    rows = [
        f"| `{name}` | {_code(default(info))} | {allowed(info)} | {info.description} |\n"
        for name, info in _settings(model)
    ]
    head = "| Setting | Default | Allowed | Meaning |\n|---|---|---|---|\n"
    return f"### {title}\n\n{about}{head}{''.join(rows)}"


def _code(text: str) -> str:
    return text if text in {"required", "not set", "empty", "the id"} else f"`{text}`"


if __name__ == "__main__":
    write(Path(sys.argv[1]))
