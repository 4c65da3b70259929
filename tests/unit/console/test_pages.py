from bridge.console.auth import NO_TOKEN
from bridge.console.context import RestaurantView
from bridge.console.pages import Pages
from bridge.console.problem import Refusal

HOSTILE = '<script>alert("x")</script>'


def a_view(**more):
    given = {"id": "lopez", "name": "Lopez", "adapter": "board", "timezone": "Europe/Madrid"}
    return RestaurantView(**{**given, **more})


def test_a_name_with_markup_stays_text():
    page = Pages().render("kitchen.html", restaurant=a_view(name=HOSTILE))
    assert HOSTILE not in page.text
    assert "&lt;script&gt;" in page.text


def test_the_board_has_no_script_or_style_of_its_own():
    text = Pages().render("kitchen.html", restaurant=a_view()).text
    assert "<style" not in text
    assert " style=" not in text
    assert text.count("<script") == text.count('<script type="module" src="/static/')


def test_the_page_names_the_zone_and_its_own_version():
    pages = Pages()
    text = pages.render("kitchen.html", restaurant=a_view()).text
    assert 'data-timezone="Europe/Madrid"' in text
    assert f'data-build="{pages.stamp}"' in text


def test_a_refusal_with_markup_stays_text():
    page = Pages().render("no.html", status=404, refusal=Refusal(404, "x", HOSTILE), path="/")
    assert (page.status, HOSTILE in page.text) == (404, False)


def test_without_a_configured_token_the_page_says_what_to_set():
    refusal = Refusal(401, NO_TOKEN, "none")
    text = Pages().render("closed.html", status=401, refusal=refusal, path="/").text
    assert "No token is configured" in text
    assert 'token = { credential = "console-token" }' in text
    assert "<form" not in text
