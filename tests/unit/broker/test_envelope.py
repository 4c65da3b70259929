import orjson
import pytest

from bridge.broker.envelope import KINDS, EnvelopeError, json_schemas, seal, unseal
from tests.unit.broker.messages import ALL, CONFIRMED, OUTCOME, handover


def changed(good, **changes):
    return orjson.dumps(orjson.loads(seal(good).body) | changes)


@pytest.mark.parametrize("message", ALL, ids=lambda message: type(message).__name__)
def test_a_message_comes_back_as_it_was(message):
    assert unseal(seal(message).body) == message


def test_the_body_says_what_it_is():
    document = orjson.loads(seal(CONFIRMED).body)
    assert (document["type"], document["schema"]) == ("confirmed", 1)


def test_headers_tell_whose_event_it_is_and_which_copy():
    assert seal(handover(7, copy=2)).headers == {
        "schema": 1,
        "restaurant": "r",
        "event_id": "i:7",
        "order_id": "order-7",
        "copy": 2,
        "correlation_id": "c-7",
    }


def test_headers_of_an_outcome_name_order_and_revision():
    assert seal(OUTCOME).headers == {
        "schema": 1,
        "restaurant": "r",
        "order_id": "o",
        "revision": 3,
    }


@pytest.mark.parametrize("secret", ["Ana", "5550100", "example.com", "nuts"])
def test_headers_hold_nothing_of_the_guest(secret):
    envelope = seal(handover())
    assert secret not in repr((envelope.headers, envelope.type, envelope.correlation_id))


def test_an_unknown_type_is_named():
    with pytest.raises(EnvelopeError, match="unknown type 'greeting'"):
        unseal(changed(CONFIRMED, type="greeting"))


@pytest.mark.parametrize("schema", [2, 0, "1", None, True, 1.0])
def test_another_schema_is_named(schema):
    with pytest.raises(EnvelopeError, match="confirmed of schema"):
        unseal(changed(CONFIRMED, schema=schema))


def test_a_bad_field_is_named():
    with pytest.raises(EnvelopeError, match="confirmed: worker"):
        unseal(changed(CONFIRMED, message={"ingress": "i", "restaurant": "r", "order_id": "o"}))


def test_what_a_bad_field_held_is_not_repeated():
    with pytest.raises(EnvelopeError) as caught:
        unseal(changed(CONFIRMED, message={"ingress": {"name": "Ana"}}))
    assert "Ana" not in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"type": ["x"]}', b"7"])
def test_anything_else_is_an_envelope_error(body):
    with pytest.raises(EnvelopeError):
        unseal(body)


@pytest.mark.parametrize("message", [None, [], "x", 1])
def test_a_message_that_is_no_object_is_an_envelope_error(message):
    with pytest.raises(EnvelopeError):
        unseal(changed(CONFIRMED, message=message))


def test_every_type_has_a_schema():
    assert set(json_schemas()) == set(KINDS)
    assert "seqs" in json_schemas()["recorded"]["properties"]
