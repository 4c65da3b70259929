"""What `reply` says of a cart, as models that a JSON Schema is made of."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bridge.sources.bbot.reply import PREFIX

_OurId = Annotated[str, Field(pattern=f"^{PREFIX}.")]
_Words = Annotated[str, Field(min_length=1)]
_Off = Annotated[int, Field(lt=0)]


class Exact(BaseModel):
    """These fields and no others."""

    model_config = ConfigDict(extra="forbid")


class Label(Exact):
    """A text."""

    prompt_id: _OurId
    prompt_type: Literal["label"]
    text: _Words
    size: str


class TextInput(Exact):
    """A field to type into; `value` is what stands in it until then."""

    prompt_id: _OurId
    prompt_type: Literal["textinput"]
    heading: str
    value: str


class ApplyButton(Exact):
    """A button that asks for a new price check; both words for its text are the platform's."""

    prompt_id: _OurId
    prompt_type: Literal["applybutton"]
    buttontext: _Words
    button_text: _Words


class Choice(Exact):
    selected: bool
    contents: _Words


class Choices(Exact):
    """A group to choose from."""

    prompt_id: _OurId
    prompt_type: Literal["multiselect_group"]
    min_selectable: Annotated[int, Field(ge=0)]
    max_selectable: Annotated[int, Field(ge=0)]
    choices: Annotated[tuple[Choice, ...], Field(min_length=1)]


Prompt = Annotated[Label | TextInput | ApplyButton | Choices, Field(discriminator="prompt_type")]


class Share(Exact):
    """What a line of the cart gets of the discount, all its units together."""

    line_item_id: str
    cents_to_add: _Off


class Discount(Exact):
    """Its shares add up to it."""

    name_for_guest: _Words
    total_cents_to_add: _Off
    distribution_among_line_items: Annotated[tuple[Share, ...], Field(min_length=1)]


class PriceCheckReply(Exact):
    """At most one discount, and all prompts there are now."""

    prompts_to_guest: tuple[Prompt, ...]
    discounts: Annotated[tuple[Discount, ...], Field(min_length=1, max_length=1)] | None


class CheckoutReply(PriceCheckReply):
    """The same at the start of a checkout; a label says why where it is not allowed."""

    allow_checkout: bool
