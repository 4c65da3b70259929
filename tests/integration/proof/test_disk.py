"""A small disk is full when it should be, and only then."""

import asyncio
import errno

import pytest

from tests.proof.rig import disk

A_PAGE = bytes(65536)


@pytest.fixture
def small(tmp_path):
    if not disk.can_mount(tmp_path):
        pytest.skip(disk.NOT_HERE)
    with disk.mount(tmp_path) as small:
        yield small


async def test_nothing_goes_onto_a_full_disk_until_there_is_room_again(small, tmp_path):
    (tmp_path / "first").write_bytes(A_PAGE)
    filling = asyncio.create_task(small.fill(0.3))
    await asyncio.sleep(0.15)

    with pytest.raises(OSError, match="No space left") as refused:
        (tmp_path / "second").write_bytes(A_PAGE)

    assert refused.value.errno == errno.ENOSPC
    assert await filling
    (tmp_path / "second").write_bytes(A_PAGE)
    assert (tmp_path / "first").read_bytes() == A_PAGE
