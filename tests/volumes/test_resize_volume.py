"""A volume made larger and smaller while its files are used."""

import os
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import AuditEntry, User
from containers.models import Container
from containers.states import State
from tests.people import actor, client_of
from volumes import images, locks, resizing, storage
from volumes.images import size
from volumes.models import Operation, Volume
from volumes.operations import queue, run
from work import lease

# Directories are made when the transaction is committed.
pytestmark = pytest.mark.django_db(transaction=True)

MIB = 1 << 20


@pytest.fixture
def volume(alice: User, images: None) -> Volume:
    return storage.create(alice, quota_mb=64)


@pytest.fixture
def _small_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """That only just have room for what is asked first."""
    monkeypatch.setattr(size, "_SMALLEST", 128)
    monkeypatch.setattr(size, "_TIMES", 2)


@pytest.fixture
def _worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Does at once what a request then waits for."""
    monkeypatch.setattr(queue, "tell", lambda operation: run.run(str(operation.pk)))


def resized(user: User, volume: Volume, megabytes: int) -> Any:
    return client_of(user).post(f"/volumes/{volume.pk}/resize", {"size": megabytes})


def room(volume: Volume) -> float:
    """Megabytes that can still be written, as the kernel says."""
    status = os.statvfs(storage.made(volume))
    return status.f_bavail * status.f_frsize / MIB


@pytest.mark.usefixtures("_worker")
def test_it_is_larger_at_once(alice: User, volume: Volume) -> None:
    with (storage.made(volume) / "world").open("wb") as world:
        world.write(bytes(10 * MIB))
        world.flush()

        answer = resized(alice, volume, 256)

        world.write(bytes(100 * MIB))
    assert answer.status_code == 200
    assert answer.json() == {
        "size_mb": 256,
        "used_mb": 10.0,
        "available_mb": 246.0,
        "percentage_used": 3.91,
        "held": True,
    }
    assert (storage.directory(volume) / "world").stat().st_size == 110 * MIB
    assert 145 < room(volume) < 148


def test_what_a_resize_was_given_stays_given_if_its_worker_lives_after_all(alice: User) -> None:
    """It was only late: renewed its lease between the look at it and the decision to give it up."""
    volume = Volume.objects.create(owner=alice, quota_mb=256)
    now = timezone.now()
    resize = Operation.objects.create(
        volume=volume,
        kind=Operation.Kind.RESIZE,
        args={"size": 256, "before": 64, "copies": False},
        status=Operation.Status.RUNNING,
        attempts=lease.MAX_ATTEMPTS,
        lease_until=now - timedelta(seconds=1),
    )
    Operation.objects.filter(pk=resize.pk).update(lease_until=now + lease.LEASE)

    queue._put_back(resize, now)

    volume.refresh_from_db()
    assert volume.quota_mb == 256


@pytest.mark.usefixtures("_worker")
def test_it_is_smaller_at_once(alice: User, volume: Volume) -> None:
    (storage.made(volume) / "world").write_bytes(bytes(10 * MIB))

    answer = resized(alice, volume, 20)

    assert (answer.status_code, answer.json()["available_mb"]) == (200, 10.0)
    assert 10 <= room(volume) < 11.1
    assert Volume.objects.get().quota_mb == 20


@pytest.mark.usefixtures("_worker")
def test_it_is_never_smaller_than_what_is_in_it(alice: User, volume: Volume) -> None:
    (storage.made(volume) / "world").write_bytes(bytes(10 * MIB))

    answer = resized(alice, volume, 9)

    assert answer.status_code == 409
    assert answer.json()["error"] == "There are 10 MB in the volume, and it cannot be made smaller"
    assert Volume.objects.get().quota_mb == 64
    assert not Operation.objects.exists()


def test_what_was_written_meanwhile_is_not_cut_off(alice: User, volume: Volume) -> None:
    operation = resizing.resize(actor(alice), str(volume.pk), 9)
    assert operation
    (storage.made(volume) / "world").write_bytes(bytes(10 * MIB))

    run.run(str(operation.pk))

    operation.refresh_from_db()
    assert (operation.status, operation.error) == ("failed", "There is more in the volume than would fit")
    assert Volume.objects.get().quota_mb == 64
    assert 53 < room(volume) < 55


@pytest.mark.usefixtures("_small_images", "_worker")
def test_an_image_that_is_too_small_is_copied_into_a_larger_one(alice: User, images: None) -> None:
    volume = storage.create(alice, quota_mb=64)
    content = os.urandom(5 * MIB)
    (storage.made(volume) / "world").write_bytes(content)

    answer = resized(alice, volume, 512)

    assert (answer.status_code, answer.json()["available_mb"]) == (200, 507.0)
    assert 507 <= room(volume) < 509
    assert (storage.directory(volume) / "world").read_bytes() == content
    assert [path.suffix for path in storage.image(volume).file.parent.iterdir()] == [".ext4"]


@pytest.mark.usefixtures("_small_images")
@pytest.mark.parametrize(("megabytes", "copies"), [(100, False), (512, True), (20, False)])
def test_it_is_known_whether_it_will_be_copied(alice: User, images: None, megabytes: int, copies: bool) -> None:
    """Which takes long, and counts among what takes long."""
    volume = storage.create(alice, quota_mb=64)

    operation = resizing.resize(actor(alice), str(volume.pk), megabytes)

    assert operation
    assert operation.args["copies"] is copies


@pytest.mark.usefixtures("_small_images", "_worker")
def test_it_is_not_copied_while_something_runs_on_it(alice: User, images: None) -> None:
    volume = storage.create(alice, quota_mb=64)
    Container.objects.create(
        internal_id="web-1", owner=alice, volume=volume, image="debian", startup_command="true", state=State.RUNNING
    )

    answer = resized(alice, volume, 512)

    assert answer.status_code == 409
    assert answer.json()["error"] == "The volume is in use by web-1; stop that first"
    assert Volume.objects.get().quota_mb == 64


@pytest.mark.usefixtures("_small_images")
def test_what_is_open_when_it_is_to_be_copied_keeps_it_as_it_was(alice: User, images: None) -> None:
    volume = storage.create(alice, quota_mb=64)
    operation = resizing.resize(actor(alice), str(volume.pk), 512)
    assert operation

    with storage.tree(volume):
        run.run(str(operation.pk))

    operation.refresh_from_db()
    assert operation.status == "failed"
    assert "in use" in operation.error
    assert Volume.objects.get().quota_mb == 64
    assert 64 <= room(volume) < 66


def test_one_resize_at_a_time_and_it_is_not_cancelled(alice: User, volume: Volume) -> None:
    operation = resizing.resize(actor(alice), str(volume.pk), 128)
    assert operation

    assert resized(alice, volume, 256).json()["error"] == "The volume is being resized already"
    cancelled = client_of(alice).delete(f"/volumes/{volume.pk}/operations/{operation.pk}")
    assert cancelled.status_code == 409


def test_the_owner_s_quota_of_disk_holds_from_the_request_on(alice: User, volume: Volume) -> None:
    alice.max_disk_mb = 100
    alice.save()

    assert resized(alice, volume, 101).status_code == 403
    assert Volume.objects.get().quota_mb == 64
    assert not OrmQ.objects.exists()


@pytest.mark.usefixtures("_worker")
def test_it_is_recorded(alice: User, volume: Volume) -> None:
    resized(alice, volume, 128)

    entry = AuditEntry.objects.get(action="volume.resize")
    assert (entry.target, entry.before, entry.after) == (str(volume.pk), {"quota_mb": 64}, {"quota_mb": 128})


def test_a_volume_of_somebody_else_s_is_not_found(bob: User, volume: Volume) -> None:
    assert resized(bob, volume, 128).status_code == 404


def test_while_it_is_copied_the_others_are_told_to_wait(alice: User, volume: Volume) -> None:
    with locks.held(str(volume.pk)) as lock:
        images.unmount(storage.image(volume), lock)
        answer = client_of(alice).get(f"/volumes/{volume.pk}/files")

    assert answer.status_code == 409
    assert answer.json()["error"] == "The volume is being resized or restored; try again when that is done"
    assert client_of(alice).get(f"/volumes/{volume.pk}/files").status_code == 200


@pytest.mark.parametrize("megabytes", [5, 300])
def test_a_directory_only_has_another_number(alice: User, megabytes: int) -> None:
    volume = storage.create(alice, quota_mb=64)
    (storage.made(volume) / "world").write_bytes(bytes(MIB))

    answer = resized(alice, volume, megabytes)

    assert answer.status_code == 200
    assert answer.json()["size_mb"] == megabytes
    assert answer.json()["held"] is False
    assert answer.json()["available_mb"] == megabytes - 1
