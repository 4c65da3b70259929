"""What stands for an adapter whose constructor raised: its restaurant is down, no other is."""

from bridge import fault
from bridge.adapter import Adapter, AdapterMisconfigured, Services
from bridge.model import Acceptance, Availability, Deadline, Order, Slip, Ticket
from bridge.worker.policy import describe


def build(kind: type[Adapter], settings: object, services: Services) -> Adapter:
    """The adapter, or its stand-in that says at every call why there is none."""
    try:
        return kind(settings, services)
    except Exception as error:  # noqa: BLE001  an adapter may raise anything
        restaurant = services.restaurant.id
        fault.tell("adapter_not_built", error, restaurant=restaurant, adapter=kind.spec.name)
        reason = f"{kind.spec.name} could not be set up, mend it and restart: {describe(error)}"

    class StandIn(_Unbuilt):
        spec = kind.spec

    return StandIn(reason, services)


class _Unbuilt(Adapter):
    """`settings` is the reason."""

    async def open(self) -> None:
        raise self._problem()

    async def probe(self, deadline: Deadline) -> Availability:  # noqa: ARG002
        raise self._problem()

    def translate(self, order: Order, slip: Slip) -> Ticket:  # noqa: ARG002
        raise self._problem()

    async def submit(self, ticket: Ticket, key: str) -> Acceptance:  # noqa: ARG002
        raise self._problem()

    def _problem(self) -> AdapterMisconfigured:
        return AdapterMisconfigured(self.settings)
