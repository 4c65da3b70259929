"""The whole way: the real command, the published sample, the kitchen's screen."""

import pytest
from playwright.async_api import expect

from tests.acceptance.demo import Demo
from tests.acceptance.documents import ORDER_ID, a_sample

pytestmark = pytest.mark.browser


@pytest.fixture
def demo(tmp_path):
    started = Demo(tmp_path / "demo").start()
    yield started
    started.end()


async def test_the_posted_sample_comes_to_the_screen_by_itself(demo, browser):
    page = await browser.new_page()
    said = demo.said
    await page.goto(f"{said['console']}/kitchen/{said['restaurant']}?token={said['token']}")
    await expect(page.get_by_text("All clear")).to_be_visible()

    assert demo.post(a_sample()).status == 200

    ticket = page.locator(f'.ticket[data-order="{ORDER_ID}"]')
    await expect(ticket).to_be_visible()
    await expect(ticket.locator(".line")).to_have_count(1)
    await expect(ticket).to_contain_text("Ceviche")
    await expect(ticket).to_contain_text("Èclairs")
    await expect(ticket.locator(".quantity")).to_have_text("2")


async def test_a_screen_that_is_open_does_not_keep_the_demo_from_ending(demo, browser):
    page = await browser.new_page()
    said = demo.said
    await page.goto(f"{said['console']}/kitchen/{said['restaurant']}?token={said['token']}")
    await expect(page.get_by_text("All clear")).to_be_visible()

    assert demo.stop() == 0
