"""What the readers beside this file look for in a call, as models that a JSON Schema is made of.

No call is checked against them: the readers take more, and say better what is wrong. What is
required here is what a call needs to have its effect; what is not named is not looked at.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from bridge.sources.bbot.fields import MAX_ID
from bridge.sources.bbot.hook import Hook

# Beyond it not every reader of JSON tells neighbouring whole numbers apart.
_EXACT: Final = 2**53 - 1
_Amount = Annotated[int, Field(ge=-_EXACT, le=_EXACT)]
_Digits = Annotated[str, Field(pattern=r"^\s*[+-]?[0-9]{1,15}\s*$")]
_PlainDigits = Annotated[str, Field(pattern=r"^\s*\+?[0-9]{1,15}\s*$")]
_Nothing = Literal[""] | None

# A call can do without it. It stands for no value: nobody makes one of these.
MAY: Final[Any] = Field(default=None)


class Cents(RootModel[_Amount | _Digits | _Nothing]):
    """Whole cents, also as digits in a text; nothing counts as 0."""


class Left(RootModel[Annotated[int, Field(ge=0, le=_EXACT)] | _PlainDigits]):
    """Whole cents that are left after a refund."""


class Text(RootModel[str | float | bool | None]):
    """Words for people; what is no text is shown as it came."""


class Name(RootModel[Annotated[str, Field(pattern=r"[^\s\x00-\x1f\x7f-\x9f]")]]):
    """Words with something to be seen in them."""


class Id(RootModel[str | int | None]):
    """An opaque id; a placeholder in angle brackets counts as none."""


class NeededId(RootModel[Annotated[str, Field(pattern=r"^[^<\s]", max_length=MAX_ID)] | int]):
    """An opaque id that the effect of the call hangs on."""


class Moment(RootModel[datetime | _Nothing]):
    """A time as in RFC 3339; a year up to 1900 means never."""


class InText(RootModel[Annotated[str, Field(pattern=r"^\s*[\[{]")]]):
    """A list or an object as JSON inside a text, as a form has to send it."""

    model_config = ConfigDict(json_schema_extra={"contentMediaType": "application/json"})


class Modifier(BaseModel):
    """A change to a dish; `name` is the word of an order, `name_for_owner` that of a cart."""

    id: Id = MAY
    menuItemId: Id = MAY
    name: Text = MAY
    name_for_owner: Text = MAY
    pretax_cents: Cents = MAY
    tax_cents: Cents = MAY
    mods: "Modifiers" = MAY


Modifiers = tuple[Modifier | str | None, ...] | InText | _Nothing


class Unit(BaseModel):
    """One portion. Its price has those of its modifiers in it."""

    id: Id = MAY
    menuitem_id: Id = MAY
    name_when_purchased: Name
    name: Text = MAY
    mods: Modifiers = MAY
    special_instructions: Text = MAY
    pretax_cents: Cents = MAY
    tax_cents: Cents = MAY
    tip_in_cents: Cents = MAY
    status: Text = MAY


class Table(BaseModel):
    """Where the order was made, or goes."""

    id: Id = MAY
    display_name: Text = MAY
    short_id: Text = MAY
    hostname: Text = MAY


class DeliveryAddress(BaseModel):
    """Where a driver brings the order."""

    street: Text = MAY
    apartment: Text = MAY
    city: Text = MAY
    zip: Text = MAY
    state: Text = MAY
    country_code: Text = MAY
    delivery_instructions: Text = MAY


class Person(BaseModel):
    """Who orders; an order says `mobile`, a cart `guest_phone`."""

    guest_name: Text = MAY
    guest_first_name: Text = MAY
    guest_last_name: Text = MAY
    guest_email: Text = MAY
    guest_phone: Text = MAY
    mobile: Text = MAY


class Order(Person):
    """The newest state of an order, with an entry in `items` for each unit."""

    id: NeededId
    restaurant_id: NeededId
    items: tuple[Unit, ...] | InText
    checkout_id: Id = MAY
    fulfillment_method: Text = MAY
    orderNumberToday: Text = MAY
    time: Moment = MAY
    last_modified: Moment = MAY
    time_closed: Moment = MAY
    user_desired_time: Moment = MAY
    snooze_till: Moment = MAY
    table: Table | str | None = MAY
    deliveryAddress: DeliveryAddress | str | None = MAY
    delivery_address: DeliveryAddress | str | None = MAY
    extra_checkout_info: Any = MAY
    pretax_cents: Cents = MAY
    tip_cents: Cents = MAY
    fee_pretax_cents: Cents = MAY
    tax_cents: Cents = MAY
    total_cents: Cents = MAY


class NewOrder(Order):
    """An order that a guest checks out now."""

    items: Annotated[tuple[Unit, ...], Field(min_length=1)] | InText


class OrderChange(BaseModel):
    """The ids inside the order count; those beside it stand in where it has none."""

    restaurant_id: Id = MAY
    order_id: Id = MAY
    order: Order | InText


class OrderInjection(OrderChange):
    """An order of which at least one unit can be made."""

    order: NewOrder | InText


class Tag(BaseModel):
    """The first of these that is there names the tag."""

    name: Text = MAY
    tag: Text = MAY
    text: Text = MAY
    id: Id = MAY


class CartItem(BaseModel):
    """A line of the cart. Its price is that of one unit, without its modifiers."""

    line_item_id: Id = MAY
    lineitem_id: Id = MAY
    menuItemId: Id = MAY
    menuitem_id: Id = MAY
    name_for_owner: Text = MAY
    name: Text = MAY
    qty: Annotated[int, Field(ge=1)] | _Digits | _Nothing = MAY
    pretax_cents: Cents = MAY
    tax_cents: Cents = MAY
    mods: Modifiers = MAY
    sku: Text = MAY
    tags: tuple[Tag | str | int, ...] | str | None = MAY
    report_category: Text = MAY


class GivenChoice(BaseModel):
    """One of the choices of a prompt."""

    contents: Text = MAY
    selected: bool | str | int = MAY


class GivenPrompt(BaseModel):
    """A prompt as the guest left it, of any partner."""

    prompt_id: Id = MAY
    prompt_type: Text = MAY
    text: Text = MAY
    buttontext: Text = MAY
    button_text: Text = MAY
    heading: Text = MAY
    value: Text = MAY
    choices: tuple[GivenChoice, ...] | InText | _Nothing = MAY


class Promo(Person):
    """A cart: what it costs, or with `checkout_beginning`, whether its guest may check out."""

    event_type: Literal["pricecheck", "checkout_beginning"] = MAY
    restaurant_id: NeededId
    checkout_id: Id = MAY
    checkout_attempt_id: Id = MAY
    table_id: Id = MAY
    guest_id: Id = MAY
    fulfillment_method: Text = MAY
    cart_items_pretax_cents_this_restaurant: Cents = MAY
    cart_items_this_restaurant: tuple[CartItem, ...] | InText | _Nothing = MAY
    prompts_to_guest: tuple[GivenPrompt, ...] | InText | _Nothing = MAY


class CheckoutFinished(BaseModel):
    event_type: Literal["checkout_finished"] = MAY
    restaurant_id: NeededId
    checkout_id: NeededId


class CheckoutCancelled(BaseModel):
    event_type: Literal["checkout_cancelled"] = MAY
    restaurant_id: NeededId
    checkout_id: NeededId


class OrderItemNow(BaseModel):
    """What is left of one portion."""

    orderitem_id: NeededId
    pretax_cents_now: Left
    tax_cents_now: Left


class ServiceChargeNow(BaseModel):
    """What is left of one service charge."""

    id: NeededId
    pretax_cents_now: Left
    tax_cents_now: Left


class ItemsRefunded(BaseModel):
    """Every item and charge of the checkout as it is now: a state, never a difference."""

    event_type: Literal["items_refunded"] = MAY
    restaurant_id: NeededId
    checkout_id: NeededId
    orderitems_now: Annotated[tuple[OrderItemNow, ...], Field(min_length=1)] | InText
    service_charges_now: tuple[ServiceChargeNow, ...] | InText | _Nothing = MAY


class IntegrationChanged(BaseModel):
    """Its layout is not published: any object is kept."""

    restaurant_id: Id = MAY
    checkout_id: Id = MAY


CALLS: Final[dict[Hook, type[BaseModel]]] = {
    Hook.ORDER_INJECTION: OrderInjection,
    Hook.ORDER_CHANGE: OrderChange,
    Hook.PROMO: Promo,
    Hook.CHECKOUT_FINISHED: CheckoutFinished,
    Hook.CHECKOUT_CANCELLED: CheckoutCancelled,
    Hook.ITEMS_REFUNDED: ItemsRefunded,
    Hook.INTEGRATION_CHANGED: IntegrationChanged,
}
