"""What our own doors write into a directory, and what they remove from it, is counted as it happens, as `du` would."""

import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from accounts.actor import Actor
from accounts.models import User
from rules.errors import OutOfSpace
from tests.people import actor
from tests.volumes.archives import entry, tar_of
from volumes import archiving, contents, files, posix, storage, usage
from volumes.models import Operation, Volume
from volumes.operations import run
from volumes.tree import Opening

# Directories are made when the transaction is committed.
pytestmark = pytest.mark.django_db(transaction=True)

MIB = 1 << 20
OVERWRITE = Opening(create=True, truncate=True)


@pytest.fixture
def volume(alice: User) -> Volume:
    """Of 4 MiB, with a file of three."""
    volume = storage.create(alice, quota_mb=4)
    (storage.directory(volume) / "world").write_bytes(os.urandom(3 * MIB))
    assert usage.of(volume).used == on_disk(volume)
    return volume


def on_disk(volume: Volume) -> int:
    """Without the volume's own folder."""
    command = ["du", "--summarize", "--block-size=1", str(storage.directory(volume))]
    whole = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[0]
    return int(whole) - storage.directory(volume).stat().st_blocks * 512


def counted(volume: Volume) -> int | None:
    """As the next one finds it who asks, and counts nothing."""
    return usage.known(Volume.objects.get(pk=volume.pk))


def pieces(size: int, then: Callable[[], object] = lambda: None) -> Iterator[bytes]:
    while size > 0:
        yield os.urandom(min(size, 100_000))
        size -= 100_000
    then()


class Broken(Exception):
    """The connection is."""


def breaks() -> None:
    raise Broken


def sftp_write(who: Actor, volume: Volume, path: str, size: int, how: Opening = OVERWRITE, offset: int = 0) -> None:
    file = posix.open_to_write(who, str(volume.pk), path, how)
    try:
        for piece in pieces(size):
            file.write(offset, piece)
            offset += len(piece)
    finally:
        posix.close(who, str(volume.pk), path, file)


# --- What is replaced gives its room --------------------------------------------


def test_a_file_that_fits_is_written_over_by_sftp(alice: User, volume: Volume) -> None:
    for _ in range(3):
        sftp_write(actor(alice), volume, "world", 3 * MIB)

    assert (storage.directory(volume) / "world").stat().st_size == 3 * MIB
    assert counted(volume) == on_disk(volume)


def test_and_by_an_upload_that_can_go_on(alice: User, volume: Volume) -> None:
    for _ in range(3):
        files.upload_more(actor(alice), str(volume.pk), "world", pieces(3 * MIB), offset=0, replace=True)

    assert (storage.directory(volume) / "world").stat().st_size == 3 * MIB
    assert counted(volume) == on_disk(volume)


def test_what_a_full_volume_has_can_be_written_over(alice: User, volume: Volume) -> None:
    (storage.directory(volume) / "more").write_bytes(bytes(2 * MIB))
    usage.count_all()

    sftp_write(actor(alice), volume, "world", MIB, Opening())  # in place
    with pytest.raises(OutOfSpace):
        sftp_write(actor(alice), volume, "new", 1)
    sftp_write(actor(alice), volume, "world", MIB)

    assert counted(volume) == on_disk(volume)
    sftp_write(actor(alice), volume, "new", 1)


def test_what_is_deleted_gives_its_room(alice: User, volume: Volume) -> None:
    who, volume_id = actor(alice), str(volume.pk)
    for _ in range(3):
        files.upload(who, volume_id, "new", pieces(MIB // 2), replace=False)
        files.delete(who, volume_id, ["new"])
        sftp_write(who, volume, "new", MIB // 2)
        posix.delete_file(who, volume_id, "new")

    sftp_write(who, volume, "new", 1000)
    posix.replace(who, volume_id, "new", "world")

    assert counted(volume) == on_disk(volume) < 100_000


def test_not_while_it_has_another_name(alice: User, volume: Volume) -> None:
    who, volume_id = actor(alice), str(volume.pk)
    posix.make_hard_link(who, volume_id, "world", "second")
    before = counted(volume)

    files.delete(who, volume_id, ["world"])
    assert counted(volume) == before == on_disk(volume)

    files.delete(who, volume_id, ["second"])
    assert counted(volume) == on_disk(volume)


# --- Holes ----------------------------------------------------------------------


def test_a_hole_takes_nothing_until_it_is_filled(alice: User, volume: Volume) -> None:
    sftp_write(actor(alice), volume, "hole", 4096, offset=64 * MIB)
    posix.resize(actor(alice), str(volume.pk), "hole", 128 * MIB)
    assert counted(volume) == on_disk(volume)

    with pytest.raises(OutOfSpace, match="The volume is full"):
        sftp_write(actor(alice), volume, "hole", 2 * MIB, Opening())
    assert on_disk(volume) <= 4 * MIB + 4096

    posix.resize(actor(alice), str(volume.pk), "hole", 0)
    assert counted(volume) == on_disk(volume)


def test_nor_do_single_bytes_far_from_each_other_go_beyond(alice: User, volume: Volume) -> None:
    file = posix.open_to_write(actor(alice), str(volume.pk), "bytes", OVERWRITE)

    def write() -> None:
        for number in range(1000):
            file.write(number << 12, b"x")

    with pytest.raises(OutOfSpace, match="The volume is full"):
        write()
    posix.close(actor(alice), str(volume.pk), "bytes", file)

    assert on_disk(volume) <= 4 * MIB + 4096


def test_a_file_of_holes_gives_only_what_it_had(alice: User, volume: Volume) -> None:
    (storage.directory(volume) / "hole").touch()
    os.truncate(storage.directory(volume) / "hole", 1 << 30)

    files.upload(actor(alice), str(volume.pk), "hole", pieces(1000), replace=True)

    assert counted(volume) == on_disk(volume)
    with pytest.raises(OutOfSpace, match="The volume is full"):
        files.upload(actor(alice), str(volume.pk), "new", pieces(2 * MIB), replace=False)


# --- What is broken off or undone -------------------------------------------------


def test_what_stays_of_a_broken_upload_is_counted(alice: User, volume: Volume) -> None:
    with pytest.raises(Broken):
        files.upload_more(actor(alice), str(volume.pk), "half", pieces(MIB // 2, then=breaks), offset=0, replace=False)

    assert counted(volume) == on_disk(volume) >= 3.5 * MIB


def test_what_is_undone_is_not(alice: User, volume: Volume) -> None:
    before = counted(volume)

    with pytest.raises(Broken):
        files.upload(actor(alice), str(volume.pk), "half", pieces(MIB // 2, then=breaks), replace=False)
    with pytest.raises(OutOfSpace):
        files.copy(actor(alice), str(volume.pk), "world", "copy")

    assert counted(volume) == before == on_disk(volume)


def test_nor_is_an_archive_that_is_refused_in_the_end(
    alice: User, volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    (storage.directory(volume) / "archive").write_bytes(tar_of(entry("made"), content=os.urandom(MIB // 4)))
    (storage.directory(volume) / "made").write_bytes(b"x")
    usage.count_all()
    before = counted(volume)

    operation = archiving.decompress(actor(alice), str(volume.pk), "archive", "", overwrite=False)
    run.run(str(operation.pk))

    operation.refresh_from_db()
    assert (operation.status, operation.error_status) == ("failed", 409)
    assert counted(volume) == before == on_disk(volume)


def test_an_archive_that_replaces_is_counted_once(alice: User, volume: Volume) -> None:
    (storage.directory(volume) / "archive").write_bytes(tar_of(entry("made"), content=os.urandom(MIB // 4)))
    usage.count_all()

    for _ in range(5):
        operation = archiving.decompress(actor(alice), str(volume.pk), "archive", "", overwrite=True)
        run.run(str(operation.pk))
        assert Operation.objects.get(pk=operation.pk).status == "done"

    assert counted(volume) == on_disk(volume)


# --- Several at once ----------------------------------------------------------------


def test_who_write_at_once_share_the_room(alice: User) -> None:
    volume = storage.create(alice, quota_mb=16)
    done: list[str] = []

    def upload(name: str, then: Callable[[], object]) -> None:
        files.upload(actor(alice), str(volume.pk), name, pieces(6 * MIB, then), replace=False)
        done.append(name)

    with pytest.raises(OutOfSpace, match="The volume is full"):
        upload("a", lambda: upload("b", lambda: upload("c", lambda: None)))

    assert on_disk(volume) <= 17 * MIB
    assert counted(volume) == on_disk(volume)


# --- Counting anew --------------------------------------------------------------------


def test_one_that_cannot_be_counted_quickly_does_not_fill_up_by_itself(
    alice: User, volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "AT_MOST", -1)
    Volume.objects.update(measured_at=None)
    os.truncate(storage.directory(volume) / "world", MIB)
    assert usage.of(Volume.objects.get(pk=volume.pk)).used >= 3 * MIB

    usage.count_all()

    assert counted(volume) == on_disk(volume) < 2 * MIB
