import orjson
import pytest
from jsonschema import Draft202012Validator

from bridge.broker.envelope import seal
from bridge.schemas import messages
from tests.unit.broker.messages import ALL, PULSE

VALIDATOR = Draft202012Validator(messages.describe_messages())


def body(message):
    return orjson.loads(seal(message).body)


def test_the_schema_is_one():
    Draft202012Validator.check_schema(messages.describe_messages())


@pytest.mark.parametrize("message", ALL, ids=lambda message: type(message).__name__)
def test_a_message_is_as_described(message):
    assert VALIDATOR.is_valid(body(message))


@pytest.mark.parametrize(
    "changes", [{"type": "recorded"}, {"type": "greeting"}, {"schema": 2}, {"message": {}}]
)
def test_anything_else_is_not(changes):
    assert not VALIDATOR.is_valid(body(PULSE) | changes)


def test_two_types_of_one_name_are_told(monkeypatch):
    kinds = {
        name: {"title": name, "$defs": {"Order": {"type": kind}}}
        for name, kind in (("One", "object"), ("Other", "string"))
    }
    monkeypatch.setattr(messages, "json_schemas", lambda: kinds)

    with pytest.raises(ValueError, match="two types are called Order"):
        messages.describe_messages()
