"""What a guest sees below the cart: prompts of ours and of others, given back by Bbot."""

from typing import Any, Final

from bridge.model import GivenPrompt

Document = dict[str, Any]

# Another partner's, as Bbot puts them together: its button has a number for an id.
OTHERS: Final[tuple[Document, ...]] = (
    {"size": "", "text": "What is 2+2?", "prompt_id": "other_0", "prompt_type": "label"},
    {"value": "", "heading": "", "prompt_id": "other_1", "prompt_type": "textinput"},
    {"prompt_id": 2, "button_text": "Apply", "prompt_type": "applybutton"},
)
# A third one's button has the same number.
THIRD: Final[tuple[Document, ...]] = (
    {"value": "", "heading": "Room", "prompt_id": "third_1", "prompt_type": "textinput"},
    {"prompt_id": 2, "button_text": "Apply", "prompt_type": "applybutton"},
)
# What becomes of the other's field once the guest has typed the right word into it.
_ANSWER: Final = {"prompt_id": "other_1", "prompt_type": "textinput", "value": "4", "heading": ""}
_SOLVED: Final = {"prompt_id": "other_1", "prompt_type": "label", "text": "Right!", "size": ""}
_SOLVED_AT: Final = 2


class Screen:
    """One cart's prompts. What is given back holds those of all partners, `others` of them."""

    def __init__(self, *, others: int = 0) -> None:
        self._others = [*OTHERS[: 3 * others], *(THIRD if others > 1 else ())]
        self._ours: list[Document] = []
        self._times = 0

    @property
    def has_input(self) -> bool:
        """True if there is a field of ours to type into."""
        return any(each["prompt_type"] == "textinput" for each in self._ours)

    @property
    def foreign(self) -> tuple[GivenPrompt, ...]:
        """Those of the other partners: no answer of ours may have one of their ids."""
        return tuple(
            GivenPrompt(id=str(each["prompt_id"]), kind=each["prompt_type"])
            for each in self._others
        )

    def show(self, prompts: list[Document]) -> None:
        """The whole set of ours: what is not in it any more is gone."""
        self._ours = prompts

    def given_back(self, typed: str = "") -> list[Document]:
        """The prompts of the next call, with what the guest typed into our first field."""
        ours, is_typed = [], False
        for prompt in self._ours:
            if prompt["prompt_type"] != "textinput":
                ours.append(prompt)
                continue
            ours.append({**prompt, "value": "" if is_typed else typed})
            is_typed = True
        return [*ours, *self._buttons(), *self._told_by_others()]

    def _told_by_others(self) -> list[Document]:
        """A field of theirs is answered, and is a label under the same id from then on."""
        self._times += 1
        if self._times < _SOLVED_AT:
            return self._others
        now = _ANSWER if self._times == _SOLVED_AT else _SOLVED
        return [now if each["prompt_id"] == "other_1" else each for each in self._others]

    def _buttons(self) -> list[Document]:
        """A field without a button gets one of Bbot's own, under the number of the prompts."""
        kinds = {each["prompt_type"] for each in self._ours}
        if "textinput" not in kinds or "applybutton" in kinds:
            return []
        return [added_button(len(self._ours))]


def added_button(number: int) -> Document:
    """As Bbot adds it to that many prompts."""
    return {"prompt_id": number, "button_text": "Apply", "prompt_type": "applybutton"}
