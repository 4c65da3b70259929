import json
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import settings

from bridge.sources.bbot import DecodeError, Hook, decode, sample

# The machine may be busy; a fact is not less true for being slow.
settings.register_profile("facts", deadline=None)
settings.load_profile("facts")

PAYLOADS = Path(__file__).parents[3] / "payloads" / "bbot"
_PUBLISHED = json.loads(sample("order_injection"))


@pytest.fixture
def document():
    """The published injection, free to be altered."""
    return deepcopy(_PUBLISHED)


@pytest.fixture
def published():
    """A published document by the name of its sample, free to be altered."""
    return lambda name: json.loads(sample(name))


@pytest.fixture
def hear():
    """Decodes a document, or bytes, that came to the address of `hook`; None: the bare one."""

    def decode_body(body, hook=None, content_type="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return decode(hook, data, content_type)

    return decode_body


@pytest.fixture
def fail(hear):
    """The DecodeError of something that must not be taken."""

    def failed(*args, **kwargs):
        with pytest.raises(DecodeError) as caught:
            hear(*args, **kwargs)
        return caught.value

    return failed


@pytest.fixture
def payload():
    """The bytes of one file of the payload collection."""
    return lambda name: (PAYLOADS / name).read_bytes()


@pytest.fixture
def read():
    """Decodes a document, or bytes, to an Order."""

    def read_order(body, hook=Hook.ORDER_INJECTION, content_type="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return decode(hook, data, content_type).event.order

    return read_order


@pytest.fixture
def refuse(read):
    """The DecodeError of something that must be refused."""

    def refused(*args, **kwargs):
        with pytest.raises(DecodeError) as caught:
            read(*args, **kwargs)
        return caught.value

    return refused
