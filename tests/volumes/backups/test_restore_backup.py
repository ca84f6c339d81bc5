"""Bringing a backup back: all of it as it was, or the volume as it is."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from rules.errors import Conflict
from tests.people import actor
from tests.volumes.archives import picture
from tests.volumes.backups.working import made, restored, settled
from tests.volumes.workers import killed_at, lines_of, next_worker, paused_at
from volumes import archiving, files, posix, storage, usage
from volumes.backups import lifecycle
from volumes.backups.lifecycle import Into
from volumes.models import Backup, Operation, Volume
from volumes.operations import asking, queue, run
from volumes.tree import Opening
from work import lease

pytestmark = pytest.mark.django_db(transaction=True)

Picture = dict[bytes, tuple[int, int, bytes]]


def without_safety_copies() -> list[Backup]:
    return list(Backup.objects.filter(is_safety_copy=False))


def spoil(folder: Path) -> Picture:
    """Something else in the volume than there was."""
    (folder / "world/3/chunk").write_bytes(b"broken")
    (folder / "start.sh").unlink()
    (folder / "new").write_text("new")
    return picture(folder)


@pytest.fixture
def volume(each_storage: str, transactional_db: None, alice: User) -> Volume:
    return storage.create(alice, quota_mb=64)


@pytest.fixture
def good(alice: User, volume: Volume, folder: Path) -> Backup:
    return made(alice, volume)


def test_all_is_as_it_was(alice: User, volume: Volume, folder: Path, good: Backup, before: Picture) -> None:
    """Content, modes, owners, times and links."""
    spoil(folder)

    operation = restored(alice, good)

    assert (operation.status, operation.error) == ("done", "")
    assert picture(folder) == before
    for name in ("world/1", "world/1/chunk", "latest"):
        status = (folder / name).lstat()
        assert (status.st_uid, status.st_gid) == (1000, 1001)
    assert (folder / "world/2").stat().st_uid == 0
    assert (folder / "world/hole").stat().st_blocks * 512 < 1 << 20


@pytest.fixture
def before(folder: Path, good: Backup) -> Picture:
    return picture(folder)


def test_the_folder_itself_stays_whose_it_is(alice: User, volume: Volume, folder: Path, good: Backup) -> None:
    os.chown(folder, 1000, 1001)
    folder.chmod(0o750)

    restored(alice, good)

    status = folder.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (1000, 1001, 0o750)


def test_what_was_there_is_kept_as_a_safety_copy(
    alice: User, volume: Volume, folder: Path, good: Backup, before: Picture
) -> None:
    spoiled = spoil(folder)

    restored(alice, good)

    copy = Backup.objects.get(is_safety_copy=True)
    assert copy.is_good
    restored(alice, copy)
    assert picture(folder) == spoiled


def test_the_safety_copy_has_what_no_backup_is_to_have(alice: User, volume: Volume, folder: Path, good: Backup) -> None:
    (folder / ".lightdignore").write_text("world/\n")
    spoiled = spoil(folder)

    restored(alice, good)
    restored(alice, Backup.objects.get(is_safety_copy=True))

    assert picture(folder) == spoiled


def test_a_restore_that_fails_takes_no_safety_copy_away(
    alice: User, volume: Volume, folder: Path, good: Backup, backup_root: Path
) -> None:
    restored(alice, good)
    first = Backup.objects.get(is_safety_copy=True)
    (backup_root / good.file).write_bytes(b"damaged")

    assert restored(alice, good).status == "failed"

    first.refresh_from_db()
    assert first.is_good
    assert restored(alice, first).status == "done"


def test_nothing_is_written_meanwhile(alice: User, volume: Volume, folder: Path, good: Backup) -> None:
    lifecycle.restore(actor(alice), str(good.pk), Into.SAME)

    with pytest.raises(Conflict, match="is being restored from a backup"):
        files.write(actor(alice), str(volume.pk), "lost", "?", None)
    with pytest.raises(Conflict, match="is being restored from a backup"):
        posix.make_folder(actor(alice), str(volume.pk), "lost", 0o755)
    with pytest.raises(Conflict, match="is being restored from a backup"):
        posix.open_to_write(actor(alice), str(volume.pk), "lost", Opening(create=True))


def test_what_was_begun_before_is_refused_at_its_end(alice: User, volume: Volume, folder: Path, good: Backup) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"lost "
        lifecycle.restore(actor(alice), str(good.pk), Into.SAME)
        yield b"otherwise"

    with pytest.raises(Conflict, match="is being restored from a backup"):
        files.upload(actor(alice), str(volume.pk), "lost", pieces(), replace=False)

    assert not (folder / "lost").exists()


def test_of_safety_copies_the_latest_stays(alice: User, volume: Volume, folder: Path, good: Backup) -> None:
    for _ in range(3):
        restored(alice, good)

    assert Backup.objects.filter(is_safety_copy=True).count() == 1
    assert without_safety_copies() == [good]


def test_into_a_new_volume(alice: User, volume: Volume, folder: Path, good: Backup, before: Picture) -> None:
    spoiled = spoil(folder)

    operation = restored(alice, good, Into.NEW)

    assert operation.status == "done"
    assert operation.volume != volume
    assert operation.volume.quota_mb == volume.quota_mb
    assert picture(storage.directory(operation.volume)) == before
    assert picture(folder) == spoiled
    assert not Backup.objects.filter(is_safety_copy=True).exists()


def test_of_a_volume_that_is_gone(alice: User, volume: Volume, folder: Path, good: Backup, before: Picture) -> None:
    storage.delete(volume)
    good.refresh_from_db()
    assert list(lifecycle.of_ones_own(actor(alice))) == [good]
    with pytest.raises(Conflict, match="The volume is gone; restore the backup into a new one"):
        lifecycle.restore(actor(alice), str(good.pk), Into.SAME)

    operation = lifecycle.restore(actor(alice), str(good.pk), Into.NEW)
    run.run(str(operation.pk))

    operation.refresh_from_db()
    assert operation.status == "done", operation.error
    assert picture(storage.directory(operation.volume)) == before


def damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (damaged, "The backup is damaged: its checksum is another one than when it was made. Nothing was changed"),
        (lambda path: os.truncate(path, 100), "The backup is damaged"),
        (Path.unlink, "The backup is not in its store any more"),
    ],
    ids=["a bit", "cut", "gone"],
)
@pytest.mark.parametrize("into", list(Into))
def test_one_that_is_not_what_it_was_is_refused_and_the_volume_untouched(
    alice: User,
    volume: Volume,
    folder: Path,
    good: Backup,
    backup_root: Path,
    into: Into,
    harm: Callable[[Path], Any],
    sentence: str,
) -> None:
    spoiled = spoil(folder)
    harm(backup_root / good.file)

    operation = restored(alice, good, into)

    assert operation.status == "failed"
    assert operation.error.startswith(sentence)
    assert picture(folder) == spoiled
    assert list((folder.parent.parent / "drafts").glob("*")) == []


@pytest.mark.parametrize("each_storage", ["images"], indirect=True)
def test_one_that_does_not_fit_any_more(alice: User, volume: Volume, folder: Path) -> None:
    """The volume was made smaller since."""
    (folder / "large").write_bytes(os.urandom(20 << 20))
    large = made(alice, volume)
    small = storage.create(alice, quota_mb=8)
    storage.tree(small).close()
    Backup.objects.filter(pk=large.pk).update(volume=small)
    large.refresh_from_db()

    operation = restored(alice, large)

    assert (operation.status, operation.error) == ("failed", "The volume is full")
    assert picture(storage.directory(small)) == {}


# --- Who is in its way, and whom it is in the way of ----------------------------


def test_nothing_else_is_begun_meanwhile(alice: User, volume: Volume, folder: Path, good: Backup) -> None:
    lifecycle.restore(actor(alice), str(good.pk), Into.SAME)

    for begin in (
        lambda: archiving.decompress(actor(alice), str(volume.pk), "start.sh", "", overwrite=False),
        lambda: lifecycle.create(actor(alice), str(volume.pk)),
        lambda: lifecycle.restore(actor(alice), str(good.pk), Into.SAME),
    ):
        with pytest.raises(Conflict, match="The volume is being restored from a backup"):
            begin()


def test_not_while_something_else_is_done(alice: User, volume: Volume, folder: Path, good: Backup) -> None:
    lifecycle.create(actor(alice), str(volume.pk))

    with pytest.raises(Conflict, match="operations that are not done yet"):
        lifecycle.restore(actor(alice), str(good.pk), Into.SAME)


def test_the_backup_cannot_be_deleted_meanwhile(alice: User, volume: Volume, folder: Path, good: Backup) -> None:
    lifecycle.restore(actor(alice), str(good.pk), Into.NEW)

    with pytest.raises(Conflict, match="A restore needs the backup; wait until that is done, or cancel it"):
        lifecycle.delete(actor(alice), str(good.pk))


# --- Cut off ------------------------------------------------------------------


def asked(user: User, backup: Backup) -> Operation:
    return lifecycle.restore(actor(user), str(backup.pk), Into.SAME)


@pytest.fixture
def total(alice: User, good: Backup) -> int:
    for _ in range(2):
        total = lines_of(asked(alice, good))
    return total


POINTS = 12


def test_killed_anywhere_the_volume_is_the_one_or_the_other(
    alice: User, volume: Volume, folder: Path, good: Backup, before: Picture, total: int
) -> None:
    for point in range(POINTS):
        spoiled = spoil(folder)
        operation = asked(alice, good)
        # Half of the points at the end, where the one takes the other's place.
        killed_at(operation, total * (point + 1) // (POINTS + 1) if point % 2 else total - 10 - point * 12)

        storage.made(volume)  # as after a start of the site
        assert picture(folder) in (spoiled, before)

        operation.refresh_from_db()
        next_worker(operation)
        assert operation.status == "done", operation.error
        assert picture(folder) == before


def test_its_safety_copy_stays_for_the_next_worker(
    alice: User, volume: Volume, folder: Path, good: Backup, before: Picture, total: int
) -> None:
    spoil(folder)
    operation = asked(alice, good)
    killed_at(operation, total - 10)
    copy = Backup.objects.get(operation=operation)
    assert copy.is_good

    with pytest.raises(Conflict, match="A restore needs the backup"):
        lifecycle.delete(actor(alice), str(copy.pk))

    next_worker(operation)
    assert operation.status == "done", operation.error
    assert picture(folder) == before
    lifecycle.delete(actor(alice), str(copy.pk))


def test_cancelled_in_the_middle(
    alice: User, volume: Volume, folder: Path, good: Backup, before: Picture, total: int
) -> None:
    spoiled = spoil(folder)
    operation = asked(alice, good)

    with paused_at(operation, total // 2):
        asking.cancel(actor(alice), str(volume.pk), str(operation.pk))

    assert picture(folder) == spoiled
    operation.refresh_from_db()
    assert (operation.status, operation.lease_until) == ("cancelled", None)
    asked(alice, good)


def test_killed_three_times_it_is_given_up(alice: User, volume: Volume, folder: Path, good: Backup, total: int) -> None:
    spoiled = spoil(folder)
    operation = asked(alice, good)
    for _ in range(lease.MAX_ATTEMPTS):
        killed_at(operation, total // 2)
        Operation.objects.update(lease_until=operation.created_at)
        queue.rescue()

    assert picture(folder) == spoiled
    operation.refresh_from_db()
    assert operation.status == "failed"
    assert settled(Backup.objects.get(operation=operation)).status in ("good", "failed")


def test_a_directory_takes_no_more_than_its_size_and_is_counted_then(alice: User, settings: Settings) -> None:
    settings.VOLUMES = "directories"
    volume = storage.create(alice, quota_mb=2)
    world = storage.made(volume) / "world"
    world.write_bytes(os.urandom(3 << 20))
    large = made(alice, volume)
    world.write_bytes(os.urandom(1 << 20))
    small = made(alice, volume)
    world.write_bytes(b"now")

    operation = restored(alice, large)
    assert (operation.status, operation.error_status, world.read_bytes()) == ("failed", 507, b"now")

    assert restored(alice, small).status == "done"
    assert usage.known(Volume.objects.get(pk=volume.pk)) == world.stat().st_size == 1 << 20
