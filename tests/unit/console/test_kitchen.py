import pytest

from bridge.console.kitchen import read_version
from bridge.console.problem import Refusal


@pytest.mark.parametrize("body", [b"", b"  ", b"{}", b'{"version": null}'])
def test_a_body_without_a_version_means_whatever_is_shown(body):
    assert read_version(body) is None


def test_the_version_is_read():
    assert read_version(b'{"version": 3}') == 3


@pytest.mark.parametrize("body", [b"3", b"[]", b'{"version": "3"}', b'{"version": true}', b"null"])
def test_anything_but_a_whole_number_is_refused(body):
    with pytest.raises(Refusal, match="whole number"):
        read_version(body)


def test_a_body_that_is_not_json_is_refused():
    with pytest.raises(Refusal, match="not JSON"):
        read_version(b"version=3")
