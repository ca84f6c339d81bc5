"""In a transaction, which all others wait for where the database is SQLite, a change of a file does nothing slow."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts.actor import Actor
from accounts.models import AuditEntry, User
from tests.people import actor
from volumes import files, posix, storage
from volumes.models import Volume

pytestmark = pytest.mark.django_db(transaction=True)

# What writes to the disk, or gives back the room of a file.
SLOW = ("fsync", "ftruncate", "unlink")
# By these as well, unless somebody still holds the file that another one takes the place of.
REPLACING = ("rename", "replace")

CHANGES: dict[str, Callable[[Actor, str], object]] = {
    "write": lambda who, volume: files.write(who, volume, "old", "new", None),
    "upload": lambda who, volume: files.upload(who, volume, "old", [b"new"], replace=True),
    "upload more": lambda who, volume: files.upload_more(who, volume, "old", [b"new"], offset=0, replace=True),
    "upload kept": lambda who, volume: files.upload_kept(
        who, volume, "old", [b"new"], key="key", offset=0, replace=True
    ),
    "copy": lambda who, volume: files.copy(who, volume, "old", "copy"),
    "move": lambda who, volume: files.move(who, volume, "old", "moved"),
    "delete": lambda who, volume: files.delete(who, volume, ["old"]),
    "sftp delete": lambda who, volume: posix.delete_file(who, volume, "old"),
    "sftp replace": lambda who, volume: posix.replace(who, volume, "other", "old"),
    "sftp resize": lambda who, volume: posix.resize(who, volume, "old", 1),
}


@pytest.fixture
def volume(transactional_db: None, alice: User) -> Volume:
    volume = storage.create(alice, quota_mb=64)
    for name in ("old", "other"):
        (storage.made(volume) / name).write_bytes(b"content")
    return volume


@pytest.fixture
def done_in_transactions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The slow calls that were made while one was open."""
    done: list[str] = []

    def watched(name: str, gives_back: Callable[[], bool]) -> Callable[..., Any]:
        call = getattr(os, name)

        def watch(*args: Any, **kwargs: Any) -> Any:
            result = call(*args, **kwargs)
            if connection.in_atomic_block and gives_back():
                done.append(name)
            return result

        return watch

    for name in SLOW:
        monkeypatch.setattr(os, name, watched(name, lambda: True))
    for name in REPLACING:
        monkeypatch.setattr(os, name, watched(name, lambda: not held("old")))
    return done


def held(name: str) -> bool:
    """Whether this process has a file open that was called so and has no name any more."""
    descriptors = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
    return any(os.readlink(each).endswith(f"/{name} (deleted)") for each in descriptors if os.path.lexists(each))


@pytest.mark.parametrize("change", CHANGES)
def test_no_change_has_others_wait_for_the_disk(
    alice: User, volume: Volume, done_in_transactions: list[str], change: str
) -> None:
    CHANGES[change](actor(alice), str(volume.pk))

    assert done_in_transactions == []
    assert AuditEntry.objects.filter(action__startswith="file.", outcome="accepted").count() == 1


def test_what_is_in_its_place_is_on_the_disk_before_it_is_answered(
    alice: User, volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        flushed.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    folder = str(storage.made(volume))

    files.upload(actor(alice), str(volume.pk), "new", [b"content"], replace=False)
    assert [path.startswith(f"{folder}/.lightd-draft-") for path in flushed] == [True, False]
    assert flushed[1] == folder

    flushed.clear()
    files.move(actor(alice), str(volume.pk), "new", "newer")
    assert flushed == [folder]
