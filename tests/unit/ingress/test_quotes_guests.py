"""Who is the same guest: whoever is known by anything already."""

import pytest

from bridge.ingress.promotions import USED
from bridge.model import Guest as Person
from tests.quoting import Guest, houses, promotion


@pytest.fixture
def house():
    with houses() as build:
        yield build(promotion("WELCOME", once_per="guest"))


async def with_code(house, checkout_id, **more):
    guest = Guest(house, checkout_id=checkout_id, **more)
    await guest.check()
    await guest.check("welcome")
    return guest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"guest_id": " Eric@Example.com"}, {"guest_id": "eric@example.com "}),
        (
            {"fields": {"guest": Person(email="A@b.c")}},
            {"fields": {"guest": Person(email="a@B.c")}},
        ),
        (
            {"fields": {"guest": Person(phone="+1 (555) 010")}},
            {"fields": {"guest": Person(phone="1555010")}},
        ),
    ],
)
async def test_a_guest_is_the_same_however_the_address_is_written(house, one, other):
    first = await with_code(house, "c-1", **{"guest_id": "", **one})
    await first.start()
    assert (await with_code(house, "c-2", **{"guest_id": "", **other})).told == [USED]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("s-1", Person(email="eric@b.c")), ("s-2", Person(email="Eric@B.c"))),
        (("s-1", Person(email="eric@b.c")), ("eric@b.c", Person())),
        (("eric@b.c", Person()), ("s-2", Person(email="eric@b.c", phone="5550102030"))),
        (("s-1", Person(phone="+1 555 010 2030")), ("s-2", Person(phone="(555) 010-2030"))),
        (("s-1", Person(email="a@b.c", phone="5550102030")), ("s-2", Person(phone="5550102030"))),
        (("s-1", Person(email="a@b.c")), ("s-1", Person(email="other@b.c"))),
    ],
)
@pytest.mark.parametrize("is_restarted", [False, True])
async def test_whoever_is_known_by_anything_is_the_same_guest(house, one, other, is_restarted):
    first = await with_code(house, "c-1", guest_id=one[0], fields={"guest": one[1]})
    await first.start()
    if is_restarted:
        house.restart()
    second = await with_code(house, "c-2", guest_id=other[0], fields={"guest": other[1]})
    assert second.told == [USED]
    first.finish()
    third = await with_code(house, "c-3", guest_id=other[0], fields={"guest": other[1]})
    assert third.told == [USED]


@pytest.mark.parametrize("phone", ["000-000-0000", "n/a", "123", ""])
async def test_what_stands_in_place_of_a_phone_is_nobodys(house, phone):
    for number in range(2):
        fields = {"guest": Person(phone=phone)}
        guest = await with_code(house, f"c-{number}", guest_id=f"s-{number}", fields=fields)
        await guest.start()
        assert guest.off == 500


@pytest.mark.parametrize("email", ["hidden", "n/a", "\u00a0"])
async def test_what_stands_in_place_of_an_email_is_nobodys(house, email):
    for number in range(2):
        fields = {"guest": Person(email=email)}
        guest = await with_code(house, f"c-{number}", guest_id=f"s-{number}", fields=fields)
        await guest.start()
        assert guest.off == 500


async def test_a_guest_who_logs_in_takes_the_use_along(house):
    guest = await with_code(house, "c-1", guest_id="session-1")
    await guest.start()
    guest.guest_id = "eric@example.com"
    await guest.check()
    await guest.start("a-2")
    assert guest.off == 500
    assert (await with_code(house, "c-2")).told == [USED]
    assert (await with_code(house, "c-3", guest_id="session-1")).off == 500
