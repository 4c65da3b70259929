"""What a guest is about to order, before there is an order. Money in whole cents."""

from dataclasses import dataclass, field, replace

from bridge.model.order import Guest, Modifier


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """One line of the cart. `id` is the platform's, as the text it was sent as.

    Prices are those of one unit with all its modifiers in them.
    """

    id: str
    menu_item_id: str
    name: str
    quantity: int
    price_cents: int
    tax_cents: int = 0
    modifiers: tuple[Modifier, ...] = ()
    sku: str = ""
    tags: tuple[str, ...] = ()
    category: str = ""

    @property
    def total_cents(self) -> int:
        """Before tax, all units together."""
        return self.price_cents * self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPrompt:
    """A prompt as it came back, ours or another partner's.

    `kind` is the platform's word; `value` is what the guest typed, `selected` what was chosen.
    """

    id: str
    kind: str
    text: str = ""
    value: str = ""
    selected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """The part of a cart that is this restaurant's; `pretax_cents` as the platform states it.

    `restaurant` is the configured id (the platform's own until the ingress has mapped it).
    `guest_id` is opaque: an email address, a session, anything; "" if none was sent.
    """

    source: str
    restaurant: str
    checkout_id: str
    lines: tuple[CartLine, ...] = ()
    pretax_cents: int = 0
    fulfilment: str = ""
    fulfilment_code: str = ""
    table_id: str = ""
    guest_id: str = ""
    guest: Guest = field(default_factory=Guest)
    prompts: tuple[GivenPrompt, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def total_cents(self) -> int:
        """Before tax, added up from the lines."""
        return sum(line.total_cents for line in self.lines)

    def without_contact(self) -> "Cart":
        """The same without phone and email; an id that is an address goes, too."""
        return replace(
            self,
            guest=replace(self.guest, phone="", email=""),
            guest_id="" if "@" in self.guest_id else self.guest_id,
        )
