"""Nobody fills the database or the host with backups, good ones or not."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from rules.errors import Conflict
from tests.people import actor
from tests.volumes.backups.working import asked_at, made, restored, settled
from tests.volumes.workers import lines_of, paused_at
from volumes import storage
from volumes.backups import bounds, deleting, lifecycle
from volumes.models import Backup, Volume

pytestmark = pytest.mark.django_db(transaction=True)


def lock(user: User, backup: Backup, *, locked: bool = True) -> Backup:
    return lifecycle.change(actor(user), str(backup.pk), locked=locked)


@pytest.fixture
def good(alice: User, volume: Volume, folder: Path) -> Backup:
    return made(alice, volume)


def failed_of(volume: Volume, number: int) -> list[Backup]:
    """The newest last."""
    now = timezone.now()
    return [
        lifecycle.new(
            volume,
            "alice",
            status=Backup.Status.FAILED,
            leftovers=False,
            created_at=now - timedelta(minutes=number - each),
            finished_at=now,
        )
        for each in range(number)
    ]


# --- Those that failed ----------------------------------------------------------


def test_of_those_that_failed_the_latest_of_each_volume_stay(alice: User, volume: Volume) -> None:
    rows = failed_of(volume, deleting.MOST_FAILED + 5)
    others = failed_of(storage.create(alice, quota_mb=8), 3)

    deleting.clear_stores()

    assert set(Backup.objects.all()) == {*rows[5:], *others}


def test_of_volumes_that_are_gone_the_latest_of_all_together(alice: User, bob: User) -> None:
    for _ in range(4):
        gone = storage.create(alice, quota_mb=8)
        failed_of(gone, 4)
        storage.delete(gone)
    bobs = storage.create(bob, quota_mb=8)
    failed_of(bobs, 1)
    storage.delete(bobs)

    deleting.clear_stores()

    assert Backup.objects.filter(owner=alice).count() == deleting.MOST_FAILED
    assert Backup.objects.filter(owner=bob).count() == 1


def test_good_ones_and_what_may_have_left_something_are_not_forgotten(
    alice: User, volume: Volume, good: Backup
) -> None:
    leaving = failed_of(volume, deleting.MOST_FAILED + 1)[0]
    Backup.objects.filter(pk=leaving.pk).update(leftovers=True, store=Backup.Store.S3)  # which is nowhere

    deleting.clear_stores()

    assert {good, leaving} <= set(Backup.objects.all())


def test_one_that_is_not_good_is_not_locked(alice: User, volume: Volume, folder: Path) -> None:
    making = lifecycle.create(actor(alice), str(volume.pk))
    [failed] = failed_of(volume, 1)

    with pytest.raises(Conflict, match="The backup is still being made"):
        lock(alice, making)
    with pytest.raises(Conflict, match="This backup has failed"):
        lock(alice, failed)


# --- Safety copies --------------------------------------------------------------


def test_a_safety_copy_that_is_locked_counts_as_the_others(
    alice: User, volume: Volume, good: Backup, settings: Settings
) -> None:
    settings.BACKUPS_PER_VOLUME = 2
    restored(alice, good)
    copy = lock(alice, Backup.objects.get(is_safety_copy=True))

    with pytest.raises(Conflict, match="as many backups as it may have, 2"):
        lifecycle.create(actor(alice), str(volume.pk))
    restored(alice, good)
    with pytest.raises(Conflict, match="as many backups as it may have, 2"):
        lock(alice, Backup.objects.exclude(pk=copy.pk).get(is_safety_copy=True))

    lock(alice, copy, locked=False)
    lifecycle.create(actor(alice), str(volume.pk))


def test_a_backup_is_locked_before_its_volume(alice: User, volume: Volume, good: Backup) -> None:
    """As for a restore: with one each, a restore and a change would wait for each other."""
    restored(alice, good)
    copy = Backup.objects.get(is_safety_copy=True)

    with CaptureQueriesContext(connection) as queries:
        lock(alice, copy)

    assert asked_at(queries, 'FROM "volumes_backup"') < asked_at(queries, 'FROM "volumes_volume" WHERE')


def test_restores_that_fail_leave_so_many(alice: User, volume: Volume, good: Backup, backup_root: Path) -> None:
    (backup_root / good.file).write_bytes(b"damaged")
    for _ in range(bounds.MOST_SAFETY_COPIES):
        assert restored(alice, good).status == "failed"

    with pytest.raises(Conflict, match="have left 5 safety copies of the volume; delete one first"):
        restored(alice, good)

    first = Backup.objects.filter(is_safety_copy=True).last()
    assert first
    lifecycle.delete(actor(alice), str(first.pk))
    assert restored(alice, good).status == "failed"


# --- All of a user's ------------------------------------------------------------


def test_small_ones_count_as_well(alice: User, volume: Volume, folder: Path, settings: Settings) -> None:
    """Else they were without number: of a volume that is deleted and made again and again."""
    settings.BACKUPS_USER_MB = 2

    assert [made(alice, volume).status for _ in range(3)] == ["good", "good", "failed"]


def test_what_became_good_meanwhile_counts_at_the_end(
    alice: User, volume: Volume, folder: Path, settings: Settings, backup_root: Path
) -> None:
    (folder / "large").write_bytes(os.urandom(1 << 20))
    settings.BACKUPS_USER_MB = 3
    first = lifecycle.create(actor(alice), str(volume.pk))
    assert first.operation
    total = lines_of(first.operation)
    second = lifecycle.create(actor(alice), str(volume.pk))
    assert second.operation

    # Behind its first look at what there is room for, and before its last.
    with paused_at(second.operation, total // 2):
        Backup.objects.filter(pk=first.pk).update(size=3 << 20)

    settled(second)
    assert (second.status, second.error) == (
        "failed",
        "The backups of one user's volumes may have 3 MB together; delete some first",
    )
    first.refresh_from_db()
    assert [path.name for path in backup_root.iterdir()] == [first.file]
