"""The bodies that Bbot posts for an order, field by field as it publishes them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bridge.model import Address, Guest, Line, Modifier, Order, Table, Unit
from bridge.testing.orders import named

# Before the name of a modifier that hangs on the one above it, once for each level.
ARROW: Final = "-> "
# What a page shows instead of an address; on the wire its blank does not break.
HIDDEN_EMAIL: Final = "[email protected]"

_NOT_SNOOZED = datetime(1900, 1, 1, tzinfo=UTC)


def injection_body(order: Order) -> dict[str, Any]:
    """What Bbot posts while the guest checks out."""
    return order_body(order)


def order_body(
    order: Order,
    *,
    discounts: Sequence[dict[str, Any]] = (),
    fees: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """The layout of both hooks, with the discounts and fees that led to its prices."""
    document = _order(order)
    document["loyalty_webhook_discounts"] = list(discounts)
    document["fees_on_my_receipt"] = list(fees)
    return {"restaurant_id": order.restaurant, "order_id": order.id, "order": document}


def change_body(order: Order, *, later: timedelta = timedelta(milliseconds=1)) -> dict[str, Any]:
    """What Bbot posts once the order is paid, and after each change; it has the same layout."""
    modified = (order.modified_at or order.placed_at or _NOT_SNOOZED) + later
    return injection_body(replace(order, modified_at=modified))


def email_of(guest: Guest) -> str:
    """The address as it is sent."""
    return guest.email.replace(" ", "\u00a0") if guest.email == HIDDEN_EMAIL else guest.email


def hung(
    modifiers: Iterable[Modifier], write: Callable[[Modifier], dict[str, Any]]
) -> list[dict[str, Any]]:
    """The modifiers of a dish, each with those that hang on it."""
    top, path = list[dict[str, Any]](), list[dict[str, Any]]()
    for modifier in modifiers:
        name = modifier.name.replace(ARROW, "")
        depth = (len(modifier.name) - len(name)) // len(ARROW)
        written = write(replace(modifier, name=name))
        (path[depth - 1].setdefault("mods", []) if depth else top).append(written)
        path[depth:] = [written]
    return top


def _order(order: Order) -> dict[str, Any]:
    first, _, last = order.guest.name.partition(" ")
    return {
        "id": order.id,
        "restaurant_id": order.restaurant,
        "table": _table(order.table) if order.table else None,
        "fulfillment_method": order.fulfilment_code,
        "orderNumberToday": int(order.number) if order.number.isdigit() else None,
        "items": [_item(order, line, unit) for line in order.lines for unit in line.units],
        "time": _time(order.placed_at),
        "last_modified": _time(order.modified_at),
        "time_closed": _time(order.closed_at),
        "bartending_station_id": str(named(order.restaurant, "station")),
        "extra_checkout_info": dict(order.facts),
        "user_desired_time": _time(order.due_at),
        "checkout_id": order.checkout_id,
        "mobile": order.guest.phone,
        "deliveryAddress": _address(order.address) if order.address else None,
        "integrations": {},
        "guest_id": str(named("guest", order.guest.email)),
        "guest_email": email_of(order.guest),
        "guest_name": order.guest.name,
        "guest_first_name": first,
        "guest_last_name": last,
        "guest_special_offers": None,
        "pretax_cents": order.totals.pretax_cents,
        "tip_cents": order.totals.tip_cents,
        "fee_pretax_cents": order.totals.fee_cents,
        "tax_cents": order.totals.tax_cents,
        "total_cents": order.totals.total_cents,
        "snooze_till": _time(order.snoozed_until or _NOT_SNOOZED),
        "delivery_provider": None,
        "fees_on_my_receipt": [],
        "loyalty_webhook_discounts": [],
        "charge": _charge(order) if order.totals.total_cents else None,
    }


def _item(order: Order, line: Line, unit: Unit) -> dict[str, Any]:
    return {
        "id": unit.id,
        "menuitem_id": line.menu_item_id,
        "name_when_purchased": line.name,
        "mods": hung(line.modifiers, _mod),
        "special_instructions": line.notes,
        "pretax_cents": unit.price_cents,
        "tags": [],
        "tax_cents": unit.tax_cents,
        "tip_in_cents": unit.tip_cents,
        "status": unit.status,
        "orderitempromotions": [],
        "order_id": order.id,
    }


def _mod(modifier: Modifier) -> dict[str, Any]:
    return {
        "id": modifier.id,
        "name": modifier.name,
        "tax_cents": modifier.tax_cents,
        "pretax_cents": modifier.price_cents,
        "orig_pretax_cents": modifier.price_cents,
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "id": table.id,
        "display_name": table.name,
        "short_id": table.short_id,
        "hostname": table.hostname,
    }


def _address(address: Address) -> dict[str, Any]:
    return {
        "street": address.street,
        "apartment": address.apartment,
        "city": address.city,
        "zip": address.zip_code,
        "state": address.state,
        "country_code": address.country,
        "delivery_instructions": address.instructions,
    }


def _charge(order: Order) -> dict[str, Any]:
    return {
        "id": f"card_{named('card', order.id).hex[:24]}",
        "name": None,
        "brand": "Visa",
        "last4": "0077",
        "object": "card",
        "country": "US",
        "funding": "credit",
        "customer": f"cus_{named('customer', order.id).hex[:14]}",
        "exp_year": 2032,
        "metadata": {},
        "cvc_check": None,
        "exp_month": 12,
        "address_zip": None,
        "fingerprint": named("finger", order.id).hex[:16],
        "address_city": None,
        "address_line1": None,
        "address_line2": None,
        "address_state": None,
        "dynamic_last4": None,
        "address_country": None,
        "address_zip_check": None,
        "address_line1_check": None,
        "tokenization_method": None,
        "amount": order.totals.total_cents,
        "created": int(order.placed_at.timestamp()) if order.placed_at else 0,
    }


def _time(moment: datetime | None) -> str | None:
    """Microseconds only where there are some, as Bbot writes it."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
