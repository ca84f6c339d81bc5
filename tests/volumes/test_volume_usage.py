"""How full a volume is: from the kernel, or counted."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from rules.errors import OutOfSpace, Unavailable
from tests.people import actor, client_of
from volumes import contents, files, storage, usage
from volumes.models import Volume

# Directories are made when the transaction is committed.
pytestmark = pytest.mark.django_db(transaction=True)

MIB = 1 << 20


@pytest.fixture
def volume(alice: User, images: None) -> Volume:
    return storage.create(alice, quota_mb=64)


@pytest.fixture
def watched(alice: User) -> Volume:
    """A directory."""
    return storage.create(alice, quota_mb=2)


def measured_long_ago(volume: Volume) -> None:
    Volume.objects.update(measured_at=timezone.now() - timedelta(hours=1))
    volume.refresh_from_db()


def test_an_empty_volume_has_all_of_its_size(alice: User, volume: Volume) -> None:
    answer = client_of(alice).get(f"/volumes/{volume.pk}/quota")

    assert answer.json() == {
        "size_mb": 64,
        "used_mb": 0.0,
        "available_mb": 64.0,
        "percentage_used": 0.0,
        "held": True,
    }


@pytest.mark.parametrize("size", [1, 100, 1024, 5000])
def test_the_kernel_gives_a_volume_its_size_and_a_megabyte_at_most_beside(alice: User, images: None, size: int) -> None:
    volume = storage.create(alice, quota_mb=size)

    status = storage.posix_tree(volume).space()

    assert size * MIB <= status.f_bavail * status.f_frsize <= (size + 1) * MIB


def test_what_no_file_can_be_as_large_as_is_refused(alice: User, images: None) -> None:
    answer = client_of(alice).post("/volumes", {"size": 1 << 30})

    assert (answer.status_code, Volume.objects.count()) == (400, 0)
    assert "takes no image for a volume of 1073741824 MB" in answer.json()["error"]


def test_what_is_used_is_known_to_the_block_and_at_once(volume: Volume) -> None:
    world = storage.directory(volume) / "world"
    world.write_bytes(bytes(5 * MIB + 1))
    assert usage.of(volume).used == 5 * MIB + 4096

    world.unlink()
    assert usage.of(volume).used == 0


def test_ten_thousand_files_are_not_looked_at(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "count", None)

    assert usage.known(volume) == 0


def test_a_directory_is_counted_by_who_asks_but_not_again_and_again(alice: User, watched: Volume) -> None:
    (storage.directory(watched) / "world").write_bytes(bytes(MIB))
    assert usage.of(watched).used == MIB

    (storage.directory(watched) / "more").write_bytes(bytes(MIB))
    assert usage.of(watched).used == MIB
    assert usage.known(watched) == MIB

    measured_long_ago(watched)
    assert usage.of(watched).available == 0


def test_a_directory_that_is_full_takes_no_more_through_our_doors(alice: User, watched: Volume) -> None:
    (storage.directory(watched) / "world").write_bytes(bytes(2 * MIB))

    with pytest.raises(OutOfSpace, match="The volume is full"):
        files.write(actor(alice), str(watched.pk), "new", "x", None)
    with pytest.raises(OutOfSpace, match="The volume is full"):
        files.upload_kept(actor(alice), str(watched.pk), "new", [b"x"], key="a", offset=0, replace=False)

    files.delete(actor(alice), str(watched.pk), ["world"])
    measured_long_ago(watched)
    files.write(actor(alice), str(watched.pk), "new", "x", None)


def test_a_directory_without_a_size_is_never_full(alice: User) -> None:
    """As those of before there were sizes."""
    volume = Volume.objects.create(owner=alice)
    (storage.made(volume) / "world").write_bytes(bytes(MIB))

    answer = client_of(alice).get(f"/volumes/{volume.pk}/quota").json()

    assert answer == {
        "size_mb": None,
        "used_mb": 1.0,
        "available_mb": None,
        "percentage_used": None,
        "held": False,
    }


def test_where_nothing_may_be_mounted_new_volumes_are_directories(
    alice: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VOLUMES = ""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert storage.create(alice).storage == Volume.Storage.DIRECTORY
    assert "serve as root" in storage.why_not_held()

    settings.VOLUMES = "images"
    with pytest.raises(Unavailable, match="LIGHTD_VOLUMES is images, but only root may mount"):
        storage.create(alice)


def test_a_volume_without_a_size_gets_the_usual_one(alice: User, settings: Settings) -> None:
    settings.VOLUME_MB = 300

    assert client_of(alice).post("/volumes", {}).json()["quota_mb"] == 300
