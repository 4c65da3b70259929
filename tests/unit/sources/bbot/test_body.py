import codecs
import json
from urllib.parse import urlencode

import pytest

from bridge.sources.bbot import DecodeError, sample
from bridge.sources.bbot.body import read as read_body
from bridge.sources.bbot.document import MAX_ENTRIES

BODY = b'{"a": "\xc3\x88"}'


def refusal(body, content_type="application/json"):
    with pytest.raises(DecodeError) as caught:
        read_body(body, content_type)
    return caught.value


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON; Charset=UTF-8; v=2",
        'application/json;charset="utf-8"',
        "application/vnd.api+json",
        "text/plain",
        "text/plain; charset=us-ascii",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
        "",
    ],
)
def test_json_is_read_under_every_header_that_senders_use(content_type):
    assert read_body(BODY, content_type) == {"a": "È"}


@pytest.mark.parametrize(
    "body",
    [
        codecs.BOM_UTF8 + BODY,
        BODY.decode().encode("utf-16"),
        codecs.BOM_UTF16_BE + BODY.decode().encode("utf-16-be"),
        BODY.decode().encode("utf-32"),
        b"\r\n " + BODY + b"\n",
    ],
)
def test_a_byte_order_mark_tells_the_encoding(body):
    assert read_body(body, "application/json; charset=utf-8") == {"a": "È"}


@pytest.mark.parametrize(
    "charset", ["latin-1", "ISO-8859-1", "windows-1252", "UTF-16LE", "iso_8859-15", "CP1254"]
)
def test_a_declared_charset_is_honoured(charset):
    body = BODY.decode().encode(charset)
    assert read_body(body, f"application/json; CHARSET={charset}") == {"a": "È"}


@pytest.mark.parametrize("charset", ["base64", "rot13", "klingon", "idna", "utf-7"])
def test_a_charset_that_is_no_text_is_refused(charset):
    error = refusal(BODY, f"application/json; charset={charset}")
    assert (error.status, error.code) == (415, "unsupported_media_type")


def test_python_is_never_asked_for_a_charset_that_a_caller_made_up(monkeypatch):
    """It would remember each name that it was ever asked for."""
    asked = []
    monkeypatch.setattr(codecs, "lookup", asked.append)
    refusal(BODY, "application/json; charset=made-up-by-a-caller")
    assert asked == []


def test_a_form_of_too_many_fields_is_refused():
    error = refusal(b"&".join([b"a=1"] * (MAX_ENTRIES + 1)))
    assert (error.status, error.code) == (400, "too_many")


@pytest.mark.parametrize("content_type", ["application/xml", "multipart/form-data; boundary=x"])
def test_another_kind_of_body_is_refused(content_type):
    assert refusal(BODY, content_type).status == 415


def test_bytes_that_are_no_text_are_refused_with_their_place():
    error = refusal(b'{"a": "\xff"}')
    assert (error.status, error.code) == (400, "bad_encoding")
    assert "byte 7" in error.detail


@pytest.mark.parametrize("body", [b"", b" \n", codecs.BOM_UTF8])
def test_an_empty_body_is_refused(body):
    assert (refusal(body).status, refusal(body).code) == (400, "empty_body")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"12", b"null"])
def test_a_body_that_is_no_object_is_refused(body):
    assert (refusal(body).status, refusal(body).code) == (400, "not_an_object")


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/json"])
def test_a_form_keeps_its_values_as_text(content_type):
    body = urlencode({"order_id": "7", "order": '{"id": 7}', "note": ""}).encode()
    expected = {"order_id": "7", "order": '{"id": 7}', "note": ""}
    assert read_body(body, content_type) == expected


def test_a_form_that_lost_its_nested_data_says_how_to_send_it():
    published = json.loads(sample("order_injection"))
    published["order_id"] = "order-1"
    error = refusal(urlencode(published, doseq=True).encode())
    assert (error.status, error.code) == (422, "nested_lost")
    assert "json=payload" in error.detail
    assert (error.restaurant, error.order_id) == ("", "order-1")


def test_a_form_with_one_lost_key_is_recognised_too():
    assert refusal(b"order_id=7&order=id").code == "nested_lost"


def test_a_python_dict_in_a_form_is_refused_as_such(refuse):
    body = urlencode({"order": "{'id': 7}"}).encode()
    error = refuse(body)
    assert (error.status, error.code) == (400, "bad_json")
    assert "single quotation marks" in error.detail


def test_plain_words_are_not_json():
    assert refusal(b"hello", "text/plain").code == "bad_json"
