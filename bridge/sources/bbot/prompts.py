"""What the guest was shown, and typed or chose: our prompts and those of other partners."""

from typing import Final

from bridge.model.cart import GivenPrompt
from bridge.sources.bbot.fields import Fields

# The platform's tables and its samples differ in how the words on a button are called.
_TEXTS: Final = ("text", "buttontext", "button_text", "heading")
_YES: Final = frozenset({"true", "1", "yes", "on"})


def read_prompts(document: Fields) -> tuple[GivenPrompt, ...]:
    """Every prompt with an id, in order, also where two have the same one."""
    prompts = (_prompt(prompt) for prompt in document.children("prompts_to_guest"))
    return tuple(prompt for prompt in prompts if prompt is not None)


def _prompt(prompt: Fields) -> GivenPrompt | None:
    prompt_id = prompt.exact("prompt_id")
    if not prompt_id:
        prompt.remark("prompt_id", "is missing or unusable: the prompt is left out")
        return None
    return GivenPrompt(
        id=prompt_id,
        kind=prompt.line("prompt_type").lower(),
        text=next(filter(None, map(prompt.line, _TEXTS)), ""),
        value=prompt.line("value"),
        selected=_selected(prompt),
    )


def _selected(prompt: Fields) -> tuple[str, ...]:
    chosen = (
        choice.line("contents")
        for choice in prompt.children("choices")
        if _is_yes(choice.data.get("selected"))
    )
    return tuple(filter(None, chosen))


def _is_yes(value: object) -> bool:
    # A form turns every value into text.
    if isinstance(value, str):
        return value.strip().lower() in _YES
    return value is True or (type(value) is int and value == 1)
