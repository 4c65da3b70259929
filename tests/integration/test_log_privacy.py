"""Nothing of a guest, of a body or of a secret gets into the log, whatever is sent."""

import asyncio
import io
import json
import logging

import orjson
import pytest
import structlog

from bridge.ingress.gate import Gate
from bridge.model import PosState
from bridge.telemetry import configure_logs
from tests.doorway import (
    BBOT_ID,
    ENDPOINT,
    PASSWORD,
    PAYLOADS,
    a_pulse,
    a_request,
    an_injection,
    authorization,
    in_chunks,
    open_doorway,
)

# Objects of a payload that belong to the guest, and single fields that do.
PRIVATE = {"charge", "deliveryAddress", "user", "guest", "guest_id", "extra_checkout_info"}
PRIVATE_WORDS = ("name", "email", "mobile", "phone", "address", "instructions", "notes", "card")
GUEST = "Ximena Quillfeather"
SECRETS = (PASSWORD, authorization(), authorization().split()[1], ENDPOINT, GUEST)
FILES = sorted(path.name for path in PAYLOADS.iterdir() if path.suffix in {".json", ".txt"})


class Logbook:
    """Everything that the process logs, by whichever way."""

    def __init__(self, capfd, caplog):
        self._stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        self._capfd, self._caplog = capfd, caplog
        configure_logs("debug", stream=self._stream)

    def read(self):
        ours = self._stream.buffer.getvalue().decode()
        out, err = self._capfd.readouterr()
        return f"{ours}\n{out}\n{err}\n{self._caplog.text}"


@pytest.fixture
def logbook(monkeypatch, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    configure = structlog.configure
    # A logger that remembers this set-up would write into the tests after this one, too.
    monkeypatch.setattr(
        structlog,
        "configure",
        lambda **settings: configure(**{**settings, "cache_logger_on_first_use": False}),
    )
    yield Logbook(capfd, caplog)
    structlog.reset_defaults()


@pytest.fixture
async def doorway(tmp_path, logbook):
    async with open_doorway(tmp_path, budget=1.0) as doorway:
        yield doorway


def private_words(body):
    """What a payload tells of a guest, as far as it can be read."""
    try:
        document = json.loads(body)
    except ValueError:
        return set()
    return {word for word in _leaves(document, private=False) if len(word) > 4}


def _leaves(value, *, private):
    if isinstance(value, dict):
        for name, one in value.items():
            belongs = name in PRIVATE or any(word in name.lower() for word in PRIVATE_WORDS)
            yield from _leaves(one, private=private or belongs)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one, private=private)
    elif private and isinstance(value, str):
        yield value


def to_our_restaurant(body):
    """The payload as it would come from a restaurant of ours, where it can be read at all."""
    try:
        document = json.loads(body)
        document["restaurant_id"] = BBOT_ID
        if "order" in document:
            document["order"]["restaurant_id"] = BBOT_ID
    except (ValueError, TypeError, KeyError):
        return body
    return json.dumps(document).encode()


def test_the_guest_of_a_payload_is_known_to_this_test():
    words = private_words((PAYLOADS / "02_injection_sample.json").read_bytes())

    assert len(words) > 5


def leaks(text, words):
    return sorted(word for word in words if word in text)


@pytest.mark.parametrize("hook", ["order-injection", "order-change", "promo", ""])
@pytest.mark.parametrize("name", FILES)
async def test_no_payload_leaves_a_trace_of_its_guest(doorway, logbook, name, hook):
    body = (PAYLOADS / name).read_bytes()
    await doorway.post(to_our_restaurant(body), hook)
    await doorway.post(body, hook)
    await doorway.rows()

    assert leaks(logbook.read(), private_words(body) | set(SECRETS)) == []


BODY = an_injection(guest_name=GUEST)
WITH_PHONE = f"{GUEST}, 416-555-0199"

BROKEN = {
    "no credentials": a_request(BODY, headers={"Authorization": None}),
    "wrong endpoint": a_request(BODY, endpoint=f"{ENDPOINT}-"),
    "unknown hook": a_request(BODY, hook=WITH_PHONE.replace(" ", "%20")),
    "unknown address": a_request(BODY, hook=f"a/{GUEST.replace(' ', '/')}"),
    "a guest in a header": a_request(BODY, headers={"X-Guest": f"{GUEST}\0"}),
    "a broken credential": a_request(BODY, headers={"Authorization": f"{authorization()}\0"}),
    "a long credential": a_request(BODY, headers={"Authorization": authorization() * 200}),
    "a length that is too short": a_request(BODY, headers={"Content-Length": "30"}),
    "a length that is too long": a_request(BODY, headers={"Content-Length": "30000"}),
    "a body as a request": GUEST.encode() + b"\r\n\r\n",
    "a chunk that is none": in_chunks(BODY).replace(b"3e8\r\n", GUEST.encode() + b"\r\n"),
    "gzip that is none": a_request(BODY, headers={"Content-Encoding": "gzip"}),
    "an encoding we lack": a_request(BODY, headers={"Content-Encoding": "br"}),
    "an expectation": a_request(BODY, headers={"Expect": GUEST}),
    "a guest as type": a_request(BODY, headers={"Content-Type": GUEST}),
    "cut off": a_request(BODY[:-20]),
    "a guest as key": a_request(orjson.dumps({GUEST: GUEST, "order": {GUEST: 1.5}})),
    "too big": a_request(BODY + b" " * 300_000),
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
async def test_no_broken_request_is_repeated_in_the_log(doorway, logbook, raw):
    await doorway.exchange(raw)

    assert leaks(logbook.read(), SECRETS) == []


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
async def test_no_broken_request_is_repeated_in_the_answer(doorway, raw):
    answer = await doorway.exchange(raw)

    assert leaks(answer.body.decode(), {PASSWORD, authorization().split()[1]}) == []
    assert GUEST not in answer.body.decode() or answer.document["code"] == "unsupported_media_type"


async def test_a_caller_that_leaves_is_not_described(doorway, logbook):
    async with doorway.connection() as (_reader, writer):
        writer.write(a_request(BODY)[:-30])
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()
    await asyncio.sleep(0.05)

    assert leaks(logbook.read(), SECRETS) == []


async def test_a_bug_of_ours_does_not_tell_what_it_stumbled_over(doorway, logbook, monkeypatch):
    async def fail(*_args):
        raise ValueError(f"cannot make sense of {WITH_PHONE}")

    monkeypatch.setattr(Gate, "decide", fail)
    await doorway.post(BODY)
    text = logbook.read()

    assert "call_failed" in text
    assert leaks(text, SECRETS) == []


async def test_a_refusal_is_logged_with_all_that_may_be_told(doorway, logbook):
    doorway.pulses.put(a_pulse(PosState.CLOSED, reason="closed until 17:00"))
    answer = await doorway.post(BODY)
    lines = [json.loads(line) for line in logbook.read().splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if line["event"] == "call_refused"]

    assert (line["code"], line["order_id"]) == ("closed", "order-1")
    assert line["correlation_id"] == answer.document["correlation_id"]
