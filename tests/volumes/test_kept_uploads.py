"""What has come of an upload that was broken off stays for a week, and then goes."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.models import User
from rules.errors import Invalid
from tests.people import actor
from volumes import files, kept_uploads, locks, storage
from volumes.images import unmount
from volumes.models import Volume
from volumes.tree.kept import KEPT

# Directories are made when the transaction is committed.
pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = kept_uploads.KEEP + 60  # seconds


@pytest.fixture
def volume(alice: User, each_storage: str) -> Volume:
    return storage.create(alice, quota_mb=64)


@pytest.fixture
def kept(volume: Volume) -> Path:
    """Where they lie."""
    return storage.directory(volume) / KEPT[0]


class Broken(Exception):
    """The connection is."""


def keep(volume: Volume, name: str, age: float = 0) -> None:
    """A piece of a file, which came so many seconds ago."""
    folder = storage.directory(volume) / KEPT[0]
    before = set(folder.iterdir()) if folder.exists() else set()

    def pieces() -> Iterator[bytes]:
        yield b"first"
        raise Broken

    with pytest.raises(Broken):
        upload(volume, name, pieces())
    [new] = set(folder.iterdir()) - before
    os.utime(new, (time.time() - age, time.time() - age))


def upload(volume: Volume, name: str, pieces: Iterator[bytes], offset: int = 0) -> None:
    files.upload_kept(actor(volume.owner), str(volume.pk), name, pieces, key="a", offset=offset, replace=False)


def come(volume: Volume, name: str) -> int:
    return files.kept(actor(volume.owner), str(volume.pk), name, "a")


def test_what_nobody_went_on_with_goes_and_the_rest_stays(volume: Volume, kept: Path) -> None:
    keep(volume, "old/world.zip", LONG_AGO)
    keep(volume, "new/world.zip", LONG_AGO - 3600)

    kept_uploads.sweep()

    assert (come(volume, "old/world.zip"), come(volume, "new/world.zip")) == (0, 5)
    assert len(list(kept.iterdir())) == 1


def test_nothing_is_left_of_the_last(volume: Volume, kept: Path) -> None:
    keep(volume, "world.zip", LONG_AGO)
    (storage.directory(volume) / "own").touch()

    kept_uploads.sweep()

    assert os.listdir(storage.directory(volume)) == ["own"]
    keep(volume, "world.zip")
    assert come(volume, "world.zip") == 5


def test_one_that_is_gone_on_with_at_this_moment_stays(volume: Volume) -> None:
    keep(volume, "world.zip", LONG_AGO)

    def pieces() -> Iterator[bytes]:
        yield b" second"
        kept_uploads.sweep()
        yield b" third"

    upload(volume, "world.zip", pieces(), offset=5)

    assert (storage.directory(volume) / "world.zip").read_bytes() == b"first second third"


def test_a_container_s_link_in_its_place_is_not_followed(volume: Volume, kept: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    os.utime(outside / "precious", (0, 0))
    kept.symlink_to(outside)
    other = storage.create(volume.owner, quota_mb=64)
    keep(other, "world.zip", LONG_AGO)

    kept_uploads.sweep()

    assert (outside / "precious").exists()
    assert come(other, "world.zip") == 0


def test_none_is_mounted_for_it(alice: User, images: None) -> None:
    volume = storage.create(alice, quota_mb=64)
    with locks.held(str(volume.pk)) as lock:
        unmount(storage.image(volume), lock)

    kept_uploads.sweep()

    assert not storage.image(volume).is_mounted


def test_nothing_is_written_through_such_a_link(volume: Volume, kept: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    kept.symlink_to(outside)

    with pytest.raises(Invalid, match="Links are not followed"):
        upload(volume, "world.zip", iter([b"first"]))

    assert list(outside.iterdir()) == []
