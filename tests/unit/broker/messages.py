from datetime import UTC, datetime

from bridge.model import (
    Availability,
    Confirmed,
    Fate,
    Guest,
    Handover,
    Line,
    Order,
    OrderPlaced,
    Outcome,
    PosState,
    Pulse,
    Recorded,
    Unit,
)

NOW = datetime(2025, 3, 1, 18, 30, tzinfo=UTC)


def handover(seq=1, restaurant="r", **changes):
    order = Order(
        source="bbot",
        id=f"order-{seq}",
        restaurant=restaurant,
        checkout_id=f"checkout-{seq}",
        lines=(Line(name="Ceviche", menu_item_id="m1", units=(Unit(id="u1", price_cents=1250),)),),
        guest=Guest(name="Ana Castillo", phone="+15550100", email="ana@example.com"),
        facts=(("Allergies", "nuts"),),
    )
    return Handover(
        **{
            "event_id": f"i:{seq}",
            "ingress": "i",
            "seq": seq,
            "restaurant": restaurant,
            "correlation_id": f"c-{seq}",
            "received_at": NOW,
            "fate": Fate.WRITTEN,
            "event": OrderPlaced(order=order),
        }
        | changes
    )


RECORDED = Recorded(worker="w", restaurant="r", seqs=(1, 2, 3))
OUTCOME = Outcome(
    worker="w", restaurant="r", order_id="o", revision=3, document={"state": "done", "n": [1]}
)
CONFIRMED = Confirmed(ingress="i", worker="w", restaurant="r", revisions=(("o", 3),))
PULSE = Pulse(
    worker="w",
    restaurant="r",
    sent_at=NOW,
    availability=Availability(
        state=PosState.DOWN, reason="paper", sold_out=frozenset({"m2", "m1"})
    ),
    failing_since=NOW,
)
ALL = [handover(), RECORDED, OUTCOME, CONFIRMED, PULSE]
