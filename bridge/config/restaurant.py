"""What can be set for one restaurant."""

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from bridge.config.kinds import Allowed, Count, Identifier, Seconds, Section, Zone
from bridge.config.promotion import Promotions


class Restaurant(Section):
    """One restaurant: its POS and its policy. One file each."""

    id: Identifier = Field(
        title="Id",
        description="Name of the restaurant in addresses, queues and commands. Do not change it "
        "while orders are open.",
        examples=["harbour-grill"],
    )
    name: Annotated[str, Allowed("text of 1 to 200 characters")] = Field(
        min_length=1,
        max_length=200,
        title="Name",
        description="What people read.",
        examples=["Harbour Grill"],
    )
    bbot_id: Annotated[str, Allowed("text of 1 to 200 characters")] = Field(
        default_factory=lambda known: known["id"],
        min_length=1,
        max_length=200,
        title="Id at Bbot",
        description="The restaurant's id in Bbot's calls, where it differs from id.",
        examples=["harbour-grill"],
    )
    timezone: Zone = Field(
        title="Time zone",
        description="Times on tickets and pages are in this zone.",
        examples=["America/New_York"],
    )
    adapter: Annotated[str, Allowed("the name of an adapter, see `pos-bridge adapters`")] = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$",
        title="Adapter",
        description="The plugin that speaks with the POS. `board` needs no POS: tickets are shown "
        "at the console's kitchen page.",
        examples=["board"],
    )
    when_down: Literal["refuse", "accept"] = Field(
        default="refuse",
        title="While the POS is down",
        description="refuse: checkouts are told why not. accept: orders are taken and sent when "
        "the POS is back.",
    )
    grace: Seconds = Field(
        default=0.0,
        ge=0,
        le=3600,
        title="Grace",
        description="A POS counts as down only when it is proven down for longer than this.",
    )
    max_wait: Seconds = Field(
        default=600.0,
        ge=10,
        le=86400,
        title="Longest wait",
        description="The restaurant counts as down when an order waits for the POS longer than "
        "this, also while broker or worker cannot be reached.",
    )
    release: Literal["on_accept", "on_commit"] = Field(
        default="on_accept",
        title="Release",
        description="on_accept: the kitchen gets the order once the platform has our yes. "
        "on_commit: only when the platform confirms the finished checkout.",
    )
    preparation: Seconds = Field(
        default=900.0,
        ge=0,
        le=86400,
        title="Preparation",
        description="An order for later goes to the kitchen this long before it is due: the time "
        "that the kitchen needs. Too long and it gets cold, too short and the guest waits.",
    )
    give_up_after: Seconds = Field(
        default=1800.0,
        ge=60,
        le=86400,
        title="Give up",
        description="An order without a due time that could not be brought to the POS for this "
        "long is held for a person to decide, with an alert.",
    )
    drain_rate: Count = Field(
        default=20,
        ge=1,
        le=1000,
        title="Pace after an outage",
        description="So many events a second go to the worker of those that waited longer than ten "
        "seconds for it or for the broker, the oldest first; new orders go beside them at once. No "
        "more than the POS takes, or new orders wait behind them there.",
    )
    probe_every: Seconds = Field(
        default=5.0,
        ge=1,
        le=60,
        title="Probe",
        description="Time between two looks at whether the POS takes orders.",
    )
    settings: dict[str, Any] = Field(
        default_factory=dict,
        repr=False,
        title="Settings of the adapter",
        description="What the adapter wants to know: `pos-bridge adapters NAME` lists it. Secrets "
        "are references here, too.",
    )
    promotions: Promotions = Field(
        default=(),
        title="Promotions",
        description="Codes that guests type for a discount; see [[promotions]] below.",
    )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)
