"""How an order reaches the guest, in words that kitchen staff use."""

from typing import Final

_WORDS: Final = {
    "driver_delivery": "Delivery by driver",
    "patron_pickup": "Pickup",
    "pickup_nofeedback": "Pickup",
    "server_delivery": "Bring to table",
    "runner_with_cc": "Runner",
    "runner_nofeedback": "Runner",
    "robot_delivery": "Robot",
    "catering": "Catering",
}


def fulfilment_in_words(code: str) -> str:
    """A code that is not known is shown as words: "patron_choice" becomes "Patron choice"."""
    words = " ".join(code.replace("_", " ").split())
    return _WORDS.get(code.lower()) or words[:1].upper() + words[1:]
