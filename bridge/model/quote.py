"""What a guest is shown, and taken off the price, before the checkout."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text. `id` names the prompt; equal ids in two answers are the same prompt."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextInput:
    """A field to type into; `placeholder` stands in it until the guest types."""

    id: str
    heading: str = ""
    placeholder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyButton:
    """A button that asks for a new quote."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    text: str
    selected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Between `least` and `most` of them; exactly one is shown as radio buttons."""

    id: str
    choices: tuple[Choice, ...]
    least: int = 0
    most: int = 1


Prompt = Label | TextInput | ApplyButton | Choices


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one line of the cart gets of a discount, all its units together."""

    line_id: str
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """`amount_cents` off, above 0; `name` is what the guest reads.

    `shares` add up to it; without them the bridge spreads it over the lines by their price.
    """

    name: str
    amount_cents: int
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The whole answer to a price check: the platform takes at most one discount."""

    prompts: tuple[Prompt, ...] = ()
    discount: Discount | None = None
