"""A worker that is killed while it makes a backup: what is listed as good is whole, and nothing else is left."""

import hashlib
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import User
from tests.people import actor
from tests.volumes.backups.working import settled
from tests.volumes.workers import killed_at, lines_of, next_worker, paused_at
from volumes.backups import lifecycle
from volumes.models import Backup, Operation, Volume
from volumes.operations import asking, queue, run
from work import lease

pytestmark = pytest.mark.django_db(transaction=True)

POINTS = 20


def asked(user: User, volume: Volume) -> tuple[Backup, Operation]:
    backup = lifecycle.create(actor(user), str(volume.pk))
    assert backup.operation
    return backup, backup.operation


def forget(backup_root: Path) -> None:
    Operation.objects.all().delete()
    Backup.objects.all().delete()
    for path in backup_root.glob("*"):
        path.unlink()


@pytest.fixture
def total(alice: User, volume: Volume, folder: Path, backup_root: Path) -> int:
    """How many lines one takes; the first one of a process loads modules beside."""
    for _ in range(2):
        _, operation = asked(alice, volume)
        total = lines_of(operation)
        forget(backup_root)
    return total


def test_killed_anywhere_it_is_not_good_and_the_next_worker_makes_it(
    alice: User, volume: Volume, backup_root: Path, total: int
) -> None:
    cut_off = 0
    for point in range(POINTS):
        forget(backup_root)
        backup, operation = asked(alice, volume)
        # Half of the points at its end: it is there that it becomes good.
        line = total * (point + 1) // (POINTS + 1) if point % 2 else total - 2 - point * 3
        killed_at(operation, line)

        settled(backup)
        whole = backup_root / backup.file
        assert (backup.status == "making") or (backup.is_good and is_right(whole, backup)), line
        cut_off += backup.status == "making"

        operation.refresh_from_db()
        next_worker(operation)
        settled(backup)
        assert backup.is_good, backup.error
        assert is_right(backup_root / backup.file, backup)
        assert [path.name for path in backup_root.iterdir()] == [backup.file]
        assert Backup.objects.filter(status="good").count() == 1

    assert cut_off >= 10


def is_right(path: Path, backup: Backup) -> bool:
    return hashlib.sha256(path.read_bytes()).hexdigest() == backup.sha256


def test_killed_three_times_it_has_failed_and_nothing_is_left(
    alice: User, volume: Volume, backup_root: Path, total: int
) -> None:
    backup, operation = asked(alice, volume)
    for _ in range(lease.MAX_ATTEMPTS):
        killed_at(operation, total // 2)
        next_worker_only_tells(operation)
    assert list(backup_root.glob(f"{backup.pk.hex}*"))

    settled(backup)

    assert (backup.status, backup.error) == ("failed", "Given up: its worker was lost 3 times")
    assert not list(backup_root.glob(f"{backup.pk.hex}*"))


def next_worker_only_tells(operation: Operation) -> None:
    Operation.objects.update(lease_until=timezone.now())
    queue.rescue()


def test_cancelled_in_the_middle(alice: User, volume: Volume, backup_root: Path, total: int) -> None:
    backup, operation = asked(alice, volume)

    with paused_at(operation, total // 2):
        asking.cancel(actor(alice), str(volume.pk), str(operation.pk))

    assert list(backup_root.iterdir()) == []  # by the worker itself
    settled(backup)
    assert (backup.status, backup.error) == ("failed", "It was cancelled")


def test_a_slow_worker_takes_nothing_from_the_one_that_came_after_it(
    alice: User, volume: Volume, backup_root: Path, total: int
) -> None:
    backup, operation = asked(alice, volume)

    with paused_at(operation, total - 150):
        next_worker(operation)

    settled(backup)
    assert backup.is_good
    assert is_right(backup_root / backup.file, backup)
    assert [path.name for path in backup_root.glob(f"{backup.pk.hex}*")] == [backup.file]


def test_made_once(alice: User, volume: Volume, folder: Path, backup_root: Path) -> None:
    backup, operation = asked(alice, volume)
    run.run(str(operation.pk))
    settled(backup)

    run.run(str(operation.pk))

    assert (backup_root / backup.file).exists()
