"""What a cook sees and presses."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from bridge.ledger import kitchen as ledger_kitchen
from bridge.model import Difference, Table
from tests.kitchen import an_order, dish

pytestmark = pytest.mark.browser

SIZES = ({"width": 1920, "height": 1080}, {"width": 1280, "height": 800})
# True for every element whose text is cut off or runs out of its ticket.
CUT = """() => [...document.querySelectorAll(".ticket *")].filter((element) => {
  const ticket = element.closest(".ticket");
  return element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0
    || [...element.getClientRects()].some((box) => ![...ticket.getClientRects()].some(
         (frame) => box.left >= frame.left - 1 && box.right <= frame.right + 1));
}).map((element) => element.className + ": " + element.textContent)"""


def ticket(page, order_id="order-1"):
    return page.locator(f'.ticket[data-order="{order_id}"]')


async def test_the_token_leaves_the_address(page):
    assert page.url.endswith("/kitchen/lopez")


async def test_a_ticket_appears_without_a_reload(page, kitchen):
    await expect(page.get_by_text("All clear")).to_be_visible()
    await kitchen.place()
    await expect(ticket(page)).to_be_visible()
    await expect(page.get_by_text("All clear")).to_be_hidden()


async def test_what_to_cook_can_be_read(page, kitchen):
    await kitchen.place()
    await expect(ticket(page).locator(".dish")).to_have_text("2 x Ceviche")
    await expect(ticket(page).locator(".modifiers li")).to_have_text("Èclairs")


async def test_the_ticket_says_where_it_goes_and_whose_it_is(page, kitchen):
    await kitchen.place(an_order(number="42", guest="Maria", table="Terrace 4"))
    for text in ("Runner", "Terrace 4", "Maria", "42"):
        await expect(ticket(page).get_by_text(text, exact=True).first).to_be_visible()


async def test_tickets_stand_oldest_first(page, kitchen):
    now = time.time()
    for number, age in ((1, 30), (2, 90), (3, 60)):
        await kitchen.place(an_order(f"order-{number}"), at=now - age)
    await expect(page.locator(".ticket")).to_have_count(3)
    order = await page.locator(".ticket").evaluate_all("all => all.map(one => one.dataset.order)")
    assert order == ["order-2", "order-3", "order-1"]


async def test_done_removes_it_and_recall_brings_it_back(page, kitchen):
    await kitchen.place()
    await ticket(page).get_by_role("button", name="Done").click()
    await expect(ticket(page)).to_have_count(0)
    await page.get_by_role("button", name="Recall").click()
    await page.get_by_role("dialog").get_by_role("button", name="233").click()
    await expect(ticket(page)).to_be_visible()


async def test_a_bump_bar_works_like_fingers(page, kitchen):
    now = time.time()
    await kitchen.place(an_order("order-1"), at=now - 20)
    await kitchen.place(an_order("order-2"), at=now - 10)
    await expect(page.locator(".ticket")).to_have_count(2)
    await page.keyboard.press("2")
    await expect(ticket(page, "order-2")).to_have_count(0)
    await page.keyboard.press("r")
    await expect(ticket(page, "order-2")).to_be_visible()


async def test_the_done_button_is_big_enough_for_a_wet_finger(page, kitchen):
    await kitchen.place()
    box = await ticket(page).locator(".bump").bounding_box()
    assert box["height"] >= 64
    assert box["width"] >= 64


@pytest.mark.parametrize(
    ("minutes", "state", "word"),
    [(1, "fresh", "On time"), (6, "caution", "Hurry"), (11, "late", "Late")],
)
async def test_age_is_a_colour_and_a_word(page, kitchen, minutes, state, word):
    await kitchen.place(at=time.time() - 60 * minutes)
    await expect(ticket(page)).to_have_attribute("data-age", state)
    await expect(ticket(page).locator(".word")).to_have_text(word)
    await expect(ticket(page).locator(".clock")).to_contain_text(f"{minutes}:")


async def test_an_order_for_later_is_judged_by_its_promise(page, kitchen):
    due = datetime.now(UTC) + timedelta(minutes=20)
    await kitchen.place(an_order(due_at=due), at=time.time() - 3600)
    await expect(ticket(page)).to_have_attribute("data-age", "fresh")
    await expect(ticket(page).locator(".clock")).to_contain_text("in 19:")


async def test_times_are_the_restaurants_own(page, kitchen):
    due = datetime(2030, 1, 1, 3, 30, tzinfo=UTC)
    await kitchen.place(an_order(due_at=due))
    await expect(ticket(page).locator(".due")).to_have_text("Due Tue 1 Jan, 12:30")


async def test_a_change_is_flagged_with_what_changed(page, kitchen):
    order = await kitchen.place()
    moved = replace(order, lines=(dish(3, "Ceviche", "Èclairs"),), table=Table(id="9", name="Bar"))
    await kitchen.change(moved)
    await expect(ticket(page).locator(".flag-change")).to_have_text("Changed")
    changes = ticket(page).locator(".changes li")
    await expect(changes).to_have_text(["added1 x Ceviche (Èclairs)", "tableBarge→Bar"])


async def test_a_void_is_struck_through_until_it_was_seen(page, kitchen):
    order = await kitchen.place()
    await kitchen.void(order, reason="guest cancelled")
    await expect(ticket(page).locator(".flag-void")).to_contain_text("guest cancelled")
    name = ticket(page).locator(".name")
    await expect(name).to_have_css("text-decoration-line", "line-through")
    await ticket(page).get_by_role("button", name="Seen").click()
    await expect(ticket(page)).to_have_count(0)


async def test_what_is_done_on_the_platform_shows_without_a_ticket(page, kitchen):
    order = await kitchen.place(replace(an_order(), lines=(dish(2, "Soup"),)))
    await expect(ticket(page)).to_have_count(1)
    (line,) = order.lines
    first, second = line.units
    served = replace(line, units=(replace(first, status="done"), second))
    await kitchen.tell(replace(order, lines=(served,)))
    await expect(ticket(page).locator(".progress")).to_have_text("1 of 2 done on the platform")


async def test_an_order_of_which_all_was_refunded_is_void(page, kitchen):
    order = await kitchen.place()
    await kitchen.refund(replace(order, lines=()), what=[Difference(what="removed", before="Soup")])
    await expect(ticket(page)).to_have_attribute("data-kind", "void")


async def test_an_allergy_cannot_be_missed(page, kitchen):
    await kitchen.place(an_order("order-1", dish(1, "Curry", notes="Severe PEANUT allergy!")))
    await expect(ticket(page).locator(".flag-allergy")).to_contain_text("Allergy")
    await expect(ticket(page).locator(".notes")).to_have_text("Severe PEANUT allergy!")
    assert await ticket(page).locator("mark").all_inner_texts() == ["PEANUT", "allergy"]


async def test_what_a_guest_typed_is_only_ever_text(page, kitchen):
    script = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
    line = dish(1, script, script, notes=script)
    await kitchen.place(an_order("order-1", line, guest=script, table=script, number=script))
    for part in (".name", ".modifiers li", ".notes", ".guest", ".table", ".number"):
        await expect(ticket(page).locator(part)).to_have_text(script)
    assert await ticket(page).locator("script, img").count() == 0
    assert await page.title() == "Lopez kitchen"


async def test_a_direction_override_ends_where_the_guests_words_end(page, kitchen):
    await kitchen.place(an_order("order-1", dish(1, "\u202eSalad"), guest="\u202eEve"))
    directions = await page.locator(".name, .guest").evaluate_all(
        "all => all.map(one => getComputedStyle(one).unicodeBidi)"
    )
    assert set(directions) == {"isolate"}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
async def test_no_text_is_ever_cut(page, kitchen, size):
    await page.set_viewport_size(size)
    long = "W" * 300
    line = dish(120, long, long, "a long wish " * 25, notes=long)
    await kitchen.place(an_order("order-1", line, guest=long, table=long, number="9" * 40))
    await kitchen.place(an_order("order-2", *(dish(1, f"Dish {n}", "Sauce") for n in range(40))))
    await expect(page.locator(".ticket")).to_have_count(2)
    assert await page.evaluate(CUT) == []


async def test_tickets_out_of_sight_are_counted(page, kitchen):
    for number in range(12):
        await kitchen.place(an_order(f"order-{number}"))
    await expect(page.locator("#count")).to_have_text("12 open")
    await expect(page.locator("#unseen")).to_have_text("6 more →")


async def test_a_lost_server_is_loud_and_a_returned_one_is_caught_up_with(page, kitchen, server):
    await kitchen.place()
    await expect(ticket(page)).to_be_visible()
    await server.stop()
    banner = page.get_by_role("alert")
    await expect(banner).to_contain_text("Last contact", timeout=15_000)
    await expect(ticket(page)).to_be_visible()
    await kitchen.place(an_order("order-2"))
    await server.start()
    await expect(ticket(page, "order-2")).to_be_visible(timeout=15_000)
    await expect(banner).to_be_hidden()


async def test_a_press_without_contact_says_that_it_was_not_saved(page, kitchen, server):
    await kitchen.place()
    await expect(ticket(page)).to_be_visible()
    await server.stop()
    await ticket(page).get_by_role("button", name="Done").click()
    await expect(page.locator("#toast")).to_contain_text("not saved")
    await expect(ticket(page)).to_be_visible()
    await server.start()


async def test_a_screen_that_is_no_longer_let_in_says_so(page, server):
    await expect(page.locator("#link-word")).to_have_text("Live")
    await page.context.clear_cookies()
    await server.stop()
    await server.start()
    await expect(page.get_by_role("alert")).to_contain_text("Not let in", timeout=15_000)


async def test_a_bump_on_another_screen_shows_here(page, kitchen):
    await kitchen.place()
    await expect(ticket(page)).to_be_visible()
    ledger = kitchen.ledger
    await ledger.write(lambda tx: ledger_kitchen.bump(tx, "lopez", "order-1", 1, ledger.now()))
    await expect(ticket(page)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_the_theme_follows_the_device_until_somebody_chooses(page, scheme):
    await page.emulate_media(color_scheme=scheme)
    colour = "rgb(14, 18, 21)" if scheme == "dark" else "rgb(228, 225, 218)"
    await expect(page.locator("body")).to_have_css("background-color", colour)
    await page.get_by_role("button", name="Theme").click()
    await expect(page.locator("body")).to_have_css("background-color", "rgb(14, 18, 21)")


async def test_sound_is_off_until_somebody_asks_for_it(page):
    button = page.get_by_role("button", name="Sound")
    await expect(button).to_have_text("Sound off")
    await button.click()
    await expect(button).to_have_text("Sound on")
