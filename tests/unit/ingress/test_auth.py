import base64
import hmac
from dataclasses import replace

import pytest

from bridge.ingress.auth import EndpointAccess, digest, digests, is_allowed
from bridge.sources.bbot import Hook


def access(password="secret"):  # noqa: S107  nobody's
    return EndpointAccess(
        id="an-endpoint", source="bbot", digests=digests("bbot", password), restaurants={}
    )


def header(text, *, encoding="utf-8", scheme="Basic"):
    return f"{scheme} {base64.b64encode(text.encode(encoding)).decode()}"


@pytest.mark.parametrize(
    "given",
    [
        header("bbot:secret"),
        header("bbot:secret", scheme="basic"),
        header("bbot:secret", scheme="BASIC"),
        header("bbot:secret").replace(" ", "   "),
        f"  {header('bbot:secret')}  ",
    ],
)
def test_the_right_credentials_are_let_in_however_the_header_is_spelled(given):
    assert is_allowed(access(), given)


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic YmJvdDpzZWNyZXQ",  # cut short
        "Basic \udcff\udcfe",
        "Basic é",
        header("bbot:Secret"),
        header("bbot:secret "),
        header("bbot:"),
        header("bbot"),
        header(":secret"),
        header("nobody:" + "\0" * 16),
        header("bbot:secret", scheme="Bearer"),
        base64.b64encode(b"bbot:secret").decode(),
    ],
)
def test_anything_else_is_kept_out(given):
    assert not is_allowed(access(), given)


def test_a_colon_belongs_to_the_password():
    assert is_allowed(access(password="a:b:c"), header("bbot:a:b:c"))


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_letters_beyond_ascii_are_taken_in_both_encodings(encoding):
    assert is_allowed(access(password="pässwörd"), header("bbot:pässwörd", encoding=encoding))


def test_letters_that_latin1_lacks_are_not_guessed_by_question_marks():
    cyrillic = access(password="пароль")

    assert is_allowed(cyrillic, header("bbot:пароль"))
    assert not is_allowed(cyrillic, header("bbot:??????"))


def test_the_hooks_that_need_credentials_are_a_matter_of_the_endpoint():
    who = replace(access(), require_basic=frozenset({Hook.PROMO}))

    assert [hook for hook in Hook if who.asks_for_credentials(hook)] == [Hook.PROMO]


def test_by_default_every_hook_needs_credentials():
    assert all(access().asks_for_credentials(hook) for hook in [None, *Hook])


def test_the_address_for_all_asks_before_it_reads_only_if_every_hook_does():
    some = frozenset({Hook.ORDER_INJECTION, Hook.ORDER_CHANGE})

    assert not replace(access(), require_basic=some).asks_for_credentials(None)


def test_an_unknown_endpoint_lets_nobody_in():
    assert not is_allowed(None, header("bbot:secret"))
    assert not is_allowed(None, None)


@pytest.mark.parametrize("who", [access(), access(password="пароль"), None])
@pytest.mark.parametrize("given", [None, header("bbot:secret"), "Basic !!!"])
def test_every_call_costs_the_same_comparisons(monkeypatch, who, given):
    seen = []
    original = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda *pair: seen.append(pair) or original(*pair))

    is_allowed(who, given)

    assert len(seen) == 2


def test_the_password_is_not_kept():
    kept = access(password="correct horse")

    assert "correct horse" not in repr(kept)
    assert kept.digests[0] == digest(b"bbot:correct horse")
