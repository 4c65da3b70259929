"""Who orders, as far as it was said."""

from bridge.model.order import Guest
from bridge.sources.bbot.fields import Fields


def read_guest(document: Fields) -> Guest:
    """An order calls the phone `mobile`, a cart `guest_phone`."""
    names = document.line("guest_first_name"), document.line("guest_last_name")
    return Guest(
        name=document.line("guest_name") or " ".join(filter(None, names)),
        phone=document.line("mobile") or document.line("guest_phone"),
        email=document.line("guest_email"),
    )
