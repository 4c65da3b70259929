"""What guests order in made-up orders: three kitchens, prices in cents before tax."""
# ruff: noqa: RUF001  guests and cooks type what they type

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Dish:
    """`extras` are modifiers with their price."""

    name: str
    price_cents: int
    extras: tuple[tuple[str, int], ...] = ()


_SEAFOOD = (
    Dish(name="Ceviche", price_cents=1102, extras=(("Èclairs", 92), ("Extra lime", 0))),
    Dish(name="Grilled octopus", price_cents=1850, extras=(("No chilli", 0), ("Aioli", 150))),
    Dish(
        name="Lobster roll",
        price_cents=2400,
        extras=(("Gluten-free bun", 200), ("Butter on the side", 0)),
    ),
    Dish(name="Moules frites", price_cents=1975, extras=(("Crème fraîche", 125),)),
    Dish(name="Oysters, half a dozen", price_cents=2100),
    Dish(name="Jalapeño hush puppies", price_cents=850),
    Dish(name="Kids' fish & chips", price_cents=1195, extras=(("No tartare", 0),)),
    Dish(name="Iced tea", price_cents=395, extras=(("No ice", 0), ("Lemon", 0))),
)
_PIZZERIA = (
    Dish(
        name="Margherita",
        price_cents=1350,
        extras=(("Extra mozzarella", 250), ("No basil", 0), ("Gluten-free base", 300)),
    ),
    Dish(name="Quattro stagioni", price_cents=1650, extras=(("NO OLIVES", 0),)),
    Dish(name="Pizza bianca al tartufo", price_cents=1990, extras=(("Well done", 0),)),
    Dish(name="Insalata mista", price_cents=890, extras=(("Dressing on the side", 0),)),
    Dish(name="Tagliatelle al ragù", price_cents=1575, extras=(("Parmigiano", 100),)),
    Dish(name="Tiramisù", price_cents=750),
    Dish(name="Chianti, glass", price_cents=900),
    Dish(name="Still water", price_cents=0),
)
_RAMEN = (
    Dish(
        name="Tonkotsu ラーメン",
        price_cents=1595,
        extras=(("Ajitama egg", 200), ("Extra chāshū", 350), ("No scallions", 0)),
    ),
    Dish(name="Miso ramen (vegan) 🌱", price_cents=1495, extras=(("Spicy paste 🌶️", 75),)),
    Dish(name="Gyōza, 6 pieces", price_cents=795, extras=(("Steamed, not fried", 0),)),
    Dish(name="Karaage", price_cents=950, extras=(("Yuzu mayo", 100),)),
    Dish(name="Edamame", price_cents=550, extras=(("No salt", 0),)),
    Dish(name="Mochi – ½ portion", price_cents=425),
    Dish(name="Hōjicha", price_cents=375),
)

MENUS = (_SEAFOOD, _PIZZERIA, _RAMEN)

NOTES = (
    "no onion",
    "allergic to nuts!",
    "sauce on the side please",
    "birthday – candle if you have one 🎂",
    "extra crispy",
    "sin cilantro, por favor",
    "“medium”, not “medium rare”",
    "the child is very hungry: bring it first if at all possible, and cut it into small pieces",
)

GUESTS = (
    "Eric Wang",
    "María-José Núñez",
    "Siobhán O’Brien",
    "Łukasz Żak",
    "王小明",
    "Anaïs Lefèvre",
    "Cher",
    "Dr. Maximiliane von und zu Hohenstein-Wolkersdorf",
)

TABLES = ("Barge", "Deck 12", "Bar", "Terrasse 3", "Room 412", "Curb side pick-up")

FULFILMENTS = {
    "runner_with_cc": "Runner",
    "server_delivery": "Bring to table",
    "patron_pickup": "Pickup",
    "driver_delivery": "Delivery by driver",
}
# Known as well, and seen less often.
RARE_FULFILMENTS = {
    "robot_delivery": "Robot",
    "runner_nofeedback": "Runner",
    "pickup_nofeedback": "Pickup",
    "catering": "Catering",
}
