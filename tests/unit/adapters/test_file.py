import errno
import os
import stat
import threading
from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.file import FileAdapter
from adapters.file.settings import FileSettings
from bridge.adapter import (
    AdapterMisconfigured,
    OperatorNeeded,
    OutcomeUnknown,
    PosUnreachable,
    RestaurantFacts,
    Services,
)
from bridge.model import Deadline, PosState, Slip, SlipKind

PLACE = Slip(kind=SlipKind.PLACE)
FACTS = RestaurantFacts(id="barge", name="Barge", timezone="America/Toronto")


@pytest.fixture
async def files(tmp_path):
    adapter = FileAdapter(
        FileSettings(directory=tmp_path), Services(http=None, now=None, restaurant=FACTS)
    )
    yield adapter
    await adapter.close()


@pytest.fixture
def failing(monkeypatch):
    """Makes the disk fail with a number of errno when a ticket gets its final name."""

    def do(number):
        def replace(self, target):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(Path, "replace", replace)

    return do


async def test_a_ticket_is_one_text_and_one_document(files, order, tmp_path):
    ticket = files.translate(order, PLACE)
    acceptance = await files.submit(ticket, "key")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "0233-bc960165-1-place-key.json",
        "0233-bc960165-1-place-key.txt",
    ]
    assert (tmp_path / acceptance.pos_ref).read_text("utf-8") == ticket.preview
    assert (tmp_path / "0233-bc960165-1-place-key.json").read_bytes() == ticket.body


@pytest.fixture
def private_umask():
    """As the service runs: what it makes is its own unless it says otherwise."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("private_umask")
async def test_the_group_of_the_directory_may_read_a_ticket_whatever_the_umask(
    files, order, tmp_path
):
    tmp_path.chmod(0o2770)
    await files.submit(files.translate(order, PLACE), "key")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()]
    assert modes == [0o640, 0o640]


async def test_a_ticket_gets_the_group_of_its_directory(files, order, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(os, "fchown", lambda file, user, group: asked.append((user, group)))
    await files.submit(files.translate(order, PLACE), "key")
    assert asked == [(-1, tmp_path.stat().st_gid)] * 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a directory to any group")
async def test_the_group_is_really_that_of_the_directory(files, order, tmp_path):
    os.chown(tmp_path, -1, 4321)
    await files.submit(files.translate(order, PLACE), "key")
    assert {path.stat().st_gid for path in tmp_path.iterdir()} == {4321}


@pytest.mark.parametrize("change", ["fchown", "fchmod"])
@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP, errno.EINVAL])
async def test_a_system_that_keeps_its_rights_to_itself_gets_the_ticket_all_the_same(
    files, order, tmp_path, monkeypatch, change, number
):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, change, refuse)
    acceptance = await files.submit(files.translate(order, PLACE), "key")
    assert (tmp_path / acceptance.pos_ref).exists()


async def test_a_group_whose_quota_is_full_is_told(files, order, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(os, "fchown", refuse)
    with pytest.raises(OperatorNeeded, match="over its quota"):
        await files.submit(files.translate(order, PLACE), "key")


async def test_a_half_ticket_of_an_earlier_user_is_replaced(files, order, tmp_path):
    # Opening what is there would fail for another user, and follow a link to anywhere.
    elsewhere = tmp_path / "elsewhere"
    for suffix in ("json", "txt"):
        (tmp_path / f".0233-bc960165-1-place-key.{suffix}.part").symlink_to(elsewhere)
    await files.submit(files.translate(order, PLACE), "key")
    assert not elsewhere.exists()


async def test_the_same_key_again_is_a_duplicate_and_changes_nothing(files, order, tmp_path):
    ticket = files.translate(order, PLACE)
    first = await files.submit(ticket, "key")
    written = (tmp_path / first.pos_ref).stat()
    second = await files.submit(ticket, "key")
    assert (second.pos_ref, second.duplicate) == (first.pos_ref, True)
    assert (tmp_path / first.pos_ref).stat().st_ino == written.st_ino


async def test_a_try_that_died_between_the_two_files_is_completed(files, order, tmp_path):
    ticket = files.translate(order, PLACE)
    first = await files.submit(ticket, "key")
    (tmp_path / first.pos_ref).unlink()
    second = await files.submit(ticket, "key")
    assert not second.duplicate
    assert len(list(tmp_path.iterdir())) == 2


async def test_a_try_that_failed_leaves_nothing_behind(
    files, order, tmp_path, failing, monkeypatch
):
    ticket = files.translate(order, PLACE)
    failing(errno.ENOSPC)
    with pytest.raises(OperatorNeeded):
        await files.submit(ticket, "key")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert not (await files.submit(ticket, "key")).duplicate


@pytest.mark.parametrize(
    ("number", "raised"),
    [
        (errno.ENOENT, PosUnreachable),
        (errno.ESTALE, PosUnreachable),
        (errno.ENOTDIR, AdapterMisconfigured),
        (errno.EACCES, AdapterMisconfigured),
        (errno.EROFS, OperatorNeeded),
        (errno.ENOSPC, OperatorNeeded),
        (errno.EDQUOT, OperatorNeeded),
        (errno.EIO, OutcomeUnknown),
    ],
    ids=errno.errorcode.get,
)
async def test_each_error_of_the_disk_has_a_meaning(files, order, failing, number, raised):
    failing(number)
    with pytest.raises(raised, match=str(files.settings.directory)):
        await files.submit(files.translate(order, PLACE), "key")


async def test_a_good_directory_is_up(files):
    assert (await files.probe(Deadline.after(5))).state is PosState.UP


async def test_a_missing_directory_is_down_and_says_so(files, tmp_path):
    tmp_path.rmdir()
    found = await files.probe(Deadline.after(5))
    assert (found.state, found.reason) == (
        PosState.DOWN,
        f"{tmp_path} does not exist: mount or create it",
    )


async def test_a_directory_is_never_created(files, order, tmp_path):
    tmp_path.rmdir()
    with pytest.raises(PosUnreachable):
        await files.submit(files.translate(order, PLACE), "key")
    assert not tmp_path.exists()


async def test_a_file_in_place_of_the_directory_is_down(files, tmp_path):
    tmp_path.rmdir()
    tmp_path.touch()
    assert "is not a directory" in (await files.probe(Deadline.after(5))).reason


async def test_a_directory_that_may_not_be_written_is_down(files, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "correct its rights" in (await files.probe(Deadline.after(5))).reason


async def test_a_full_disk_is_down(files, monkeypatch):
    full = os.statvfs_result((4096, 4096, 9, 0, 0, 9, 9, 9, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda path: full)
    assert "is full" in (await files.probe(Deadline.after(5))).reason


async def test_a_disk_that_turned_read_only_is_down(files, monkeypatch):
    stuck = os.statvfs_result((4096, 4096, 9, 9, 9, 9, 9, 9, os.ST_RDONLY, 255))
    monkeypatch.setattr(os, "statvfs", lambda path: stuck)
    reason = (await files.probe(Deadline.after(5))).reason
    assert "read-only" in reason
    assert reason.endswith("or the service may not write there (ReadWritePaths=)")


async def test_a_probe_without_time_is_down_at_once(files):
    assert "in time" in (await files.probe(Deadline.after(0))).reason


async def test_a_disk_that_hangs_holds_up_no_loop(files, monkeypatch):
    free = threading.Event()
    monkeypatch.setattr("adapters.file.adapter._examine", lambda directory: free.wait())
    assert "in time" in (await files.probe(Deadline.after(0.01))).reason
    free.set()


def test_a_relative_directory_is_refused():
    with pytest.raises(ValidationError, match="absolute path"):
        FileSettings(directory="tickets")


def test_an_unknown_setting_is_refused():
    with pytest.raises(ValidationError, match="colums"):
        FileSettings(directory="/tmp", colums=32)  # noqa: S108  only a path
