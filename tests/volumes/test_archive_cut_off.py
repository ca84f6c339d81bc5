"""A worker that is killed, cancelled or out of space: all is there, or nothing."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.models import User
from tests.mounts import disk_of
from tests.people import actor
from tests.volumes.archives import entry, picture, tar_of
from tests.volumes.workers import killed_at, lines_of, next_worker, paused_at
from tests.waiting import wait_until
from volumes import archiving, storage
from volumes.archives import Format, Limits, Meter
from volumes.models import Operation, Volume
from volumes.operations import asking, queue, run
from work import lease, workers

pytestmark = pytest.mark.django_db(transaction=True)

POINTS = 25
Ask = Callable[[User, Volume], Operation]


@pytest.fixture
def volume(transactional_db: None, alice: User) -> Volume:
    return Volume.objects.create(owner=alice)


@pytest.fixture
def folder(volume: Volume) -> Path:
    folder = storage.make_directory(volume)
    for number in range(20):
        (folder / f"world/{number}").mkdir(parents=True)
        (folder / f"world/{number}/file").write_bytes(os.urandom(1000))
    members = [entry(f"world/{number}/{name}") for number in range(15, 25) for name in ("new", "other")]
    (folder / "archive").write_bytes(tar_of(*members, content=b"content"))
    return folder


def compress(alice: User, volume: Volume) -> Operation:
    return archiving.compress(actor(alice), str(volume.pk), Format.TAR_GZ, "made", ["world"])


def decompress(alice: User, volume: Volume) -> Operation:
    """Into folders that are there already, and some that are not."""
    return archiving.decompress(actor(alice), str(volume.pk), "archive", "", overwrite=False)


def names(folder: Path) -> list[bytes]:
    return sorted(picture(folder))


@pytest.mark.parametrize("ask", [compress, decompress])
def test_killed_anywhere_it_is_done_by_the_next_worker(alice: User, volume: Volume, folder: Path, ask: Ask) -> None:
    before = names(folder)
    total = lines_of(ask(alice, volume))
    whole = names(folder)
    assert whole != before

    for point in range(POINTS):
        put_back(folder, before)
        operation = ask(alice, volume)
        # The last lines the closest: it is there that things are moved.
        killed_at(operation, total - round((total - 2) * (point / (POINTS - 1)) ** 3) - 1)
        operation.refresh_from_db()
        visible = [name for name in names(folder) if not name.startswith(b".lightd")]
        assert operation.publishing or visible == before

        next_worker(operation)

        assert operation.status == Operation.Status.DONE, operation.error
        assert names(folder) == whole


def put_back(folder: Path, before: list[bytes]) -> None:
    for name in sorted(set(names(folder)) - set(before), reverse=True):
        path = folder / os.fsdecode(name)
        path.rmdir() if path.is_dir() else path.unlink()


def test_killed_three_times_it_is_given_up_and_nothing_is_left(alice: User, volume: Volume, folder: Path) -> None:
    before = names(folder)
    operation = decompress(alice, volume)
    for _ in range(lease.MAX_ATTEMPTS):
        killed_at(operation, 1000)
        Operation.objects.update(lease_until=timezone.now())
        queue.rescue()

    operation.refresh_from_db()
    assert (operation.status, operation.error) == ("failed", "Given up: its worker was lost 3 times")
    run.run(str(operation.pk))

    assert names(folder) == before


@pytest.mark.parametrize("killed", [False, True], ids=["the worker notices", "the worker is dead"])
def test_cancelled_in_the_middle(alice: User, volume: Volume, folder: Path, killed: bool) -> None:
    before = names(folder)
    operation = decompress(alice, volume)
    if killed:
        killed_at(operation, 2000)
        asking.cancel(actor(alice), str(volume.pk), str(operation.pk))
        assert names(folder) != before
        next_worker(operation)
    else:
        with paused_at(operation, 2000):
            asking.cancel(actor(alice), str(volume.pk), str(operation.pk))

    operation.refresh_from_db()
    assert (operation.status, operation.lease_until) == ("cancelled", None)
    assert names(folder) == before


def test_what_is_cleared_gets_no_lease_again(
    alice: User, volume: Volume, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keeper may renew it once more, after the worker has cleared away and before that stops the keeper."""
    monkeypatch.setattr(lease, "RENEWAL", 0.01)
    renewals = count_calls(monkeypatch, queue, "_given_up")
    operation = queue.claim(decompress(alice, volume).pk)
    assert operation is not None

    with queue.kept(operation, Meter(Limits.of(0))):
        asking.cancel(actor(alice), str(volume.pk), str(operation.pk))
        wait_until(lambda: len(renewals) > 1, 10, "the keeper hears of it", every=0.01)
        queue.cleared(operation)
        cleared_at = len(renewals)
        wait_until(lambda: len(renewals) > cleared_at + 2, 10, "the keeper renews again", every=0.01)

    operation.refresh_from_db()
    assert (operation.status, operation.lease_until) == ("cancelled", None)


def count_calls(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> list[None]:
    """Grows by one with each call of the function, which does what it always does."""
    calls: list[None] = []
    function = getattr(module, name)

    def counted(*arguments: object) -> object:
        calls.append(None)
        return function(*arguments)

    monkeypatch.setattr(module, name, counted)
    return calls


def test_its_volume_is_deleted_in_the_middle(alice: User, volume: Volume, folder: Path, storage_root: Path) -> None:
    with paused_at(decompress(alice, volume), 2000):
        storage.delete(Volume.objects.get())

    assert not folder.exists()
    assert not list((storage_root / "trash").rglob(".lightd*"))


def test_too_late_to_be_cancelled(alice: User, volume: Volume, folder: Path) -> None:
    operation = decompress(alice, volume)
    Operation.objects.filter(pk=operation.pk).update(status="running", publishing=".lightd-draft-x")

    with pytest.raises(Exception, match="so far that it cannot be cancelled"):
        asking.cancel(actor(alice), str(volume.pk), str(operation.pk))


@pytest.fixture
def small_disk(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A storage root of eight megabytes."""
    with disk_of(tmp_path / "disk", "8m") as disk:
        settings.STORAGE_ROOT = disk
        yield disk


@pytest.mark.usefixtures("transactional_db")
def test_a_full_disk_leaves_nothing(small_disk: Path, alice: User) -> None:
    volume = Volume.objects.create(owner=alice)
    folder = storage.make_directory(volume)
    (folder / "archive").write_bytes(tar_of(*map(entry, "abcdef"), content=os.urandom(1 << 20)))
    (folder / "more").write_bytes(os.urandom(1 << 19))
    free = os.statvfs(small_disk).f_bfree

    asking: list[Callable[[], Operation]] = [
        lambda: archiving.decompress(actor(alice), str(volume.pk), "archive", "out", overwrite=False),
        lambda: archiving.compress(actor(alice), str(volume.pk), Format.ZIP, "out", []),
    ]
    for ask in asking:
        operation = ask()
        run.run(str(operation.pk))
        operation.refresh_from_db()
        assert (operation.status, operation.error, operation.error_status) == ("failed", "The volume is full", 507)
        assert sorted(path.name for path in folder.iterdir()) == ["archive", "more"]
        assert os.statvfs(small_disk).f_bfree == free


def test_archives_leave_a_worker_to_the_installations(
    alice: User, volume: Volume, folder: Path, settings: Settings
) -> None:
    settings.INSTALL_WORKERS = 2
    Operation.objects.create(volume=volume, kind="compress", status="running", lease_until=timezone.now())
    waiting = compress(alice, volume)

    run.run(str(waiting.pk))
    waiting.refresh_from_db()
    assert waiting.status == "queued"

    Operation.objects.filter(status="running").delete()
    run.run(str(waiting.pk))
    waiting.refresh_from_db()
    assert waiting.status == "done"


@pytest.mark.parametrize(("copies", "status"), [(True, "queued"), (False, "done")])
def test_a_resize_leaves_it_too_if_it_copies_the_volume(
    alice: User, images: None, settings: Settings, copies: bool, status: str
) -> None:
    settings.INSTALL_WORKERS = 2
    volume, other = storage.create(alice, quota_mb=64), storage.create(alice, quota_mb=64)
    storage.tree(volume).close()
    args = {"size": 65, "before": 64, "copies": True}
    Operation.objects.create(volume=other, kind="resize", status="running", lease_until=timezone.now(), args=args)
    waiting = Operation.objects.create(volume=volume, kind="resize", args={**args, "copies": copies})

    run.run(str(waiting.pk))

    waiting.refresh_from_db()
    assert waiting.status == status


def test_one_that_is_done_quickly_keeps_no_archive_waiting(
    alice: User, volume: Volume, folder: Path, settings: Settings
) -> None:
    settings.INSTALL_WORKERS = 2
    args = {"size": 65, "before": 64, "copies": False}
    Operation.objects.create(volume=volume, kind="resize", status="running", lease_until=timezone.now(), args=args)
    waiting = compress(alice, volume)

    run.run(str(waiting.pk))

    waiting.refresh_from_db()
    assert waiting.status == "done"


def test_one_may_take_longer_than_an_hour(alice: User, volume: Volume, folder: Path) -> None:
    """Whether its worker lives is told by the lease; the broker's own limit would kill it."""
    compress(alice, volume)

    assert OrmQ.objects.get().task["timeout"] > 24 * 3600


def test_of_those_that_are_finished_so_many_are_remembered(alice: User, volume: Volume, folder: Path) -> None:
    old = [
        Operation(volume=volume, kind="compress", status="done", created_at=timezone.now() - timedelta(hours=hours))
        for hours in range(queue.MOST_FINISHED + 5, 0, -1)
    ]
    Operation.objects.bulk_create(old)
    uncleared, *_ = old
    Operation.objects.filter(pk=uncleared.pk).update(lease_until=timezone.now())

    waiting = compress(alice, volume)

    assert set(volume.operations.all()) == {waiting, uncleared, *old[-queue.MOST_FINISHED :]}


def test_one_is_done_once(alice: User, volume: Volume, folder: Path) -> None:
    operation = compress(alice, volume)
    run.run(str(operation.pk))
    made = (folder / "made.tar.gz").stat()

    run.run(str(operation.pk))

    assert (folder / "made.tar.gz").stat() == made
    with suppress(Operation.DoesNotExist):
        operation.refresh_from_db()
    assert operation.attempts == 1


def test_a_lost_word_is_said_again(alice: User, volume: Volume, folder: Path) -> None:
    compress(alice, volume)
    OrmQ.objects.all().delete()
    queue.rescue()
    assert not OrmQ.objects.exists()

    Operation.objects.update(queued_at=timezone.now() - 2 * workers.LOST_AFTER)
    queue.rescue()
    queue.rescue()

    assert OrmQ.objects.count() == 1


def test_a_word_that_the_workers_have_not_come_to_is_said_again_once_a_minute(
    alice: User, volume: Volume, folder: Path
) -> None:
    compress(alice, volume)
    assert OrmQ.objects.count() == 1

    for after, words in ((workers.TOLD_AGAIN_AFTER / 2, 1), (workers.TOLD_AGAIN_AFTER, 2)):
        Operation.objects.update(queued_at=timezone.now() - after)
        queue.rescue()
        queue.rescue()
        assert OrmQ.objects.count() == words


def test_long_finished_ones_are_forgotten(alice: User, volume: Volume, folder: Path) -> None:
    operation = compress(alice, volume)
    queue.prune(-lease.LEASE)
    assert Operation.objects.exists()

    run.run(str(operation.pk))
    queue.prune(-lease.LEASE)

    assert not Operation.objects.exists()


def test_waiting_ends_with_the_process(alice: User, volume: Volume, folder: Path) -> None:
    operation = compress(alice, volume)
    found: list[Operation] = []

    def wait() -> None:
        found.append(queue.wait(operation))
        connection.close()

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        queue.end_waiting()
        wait_until(lambda: not thread.is_alive(), 5, "it ends")
    finally:
        queue._ends.clear()

    assert found[0].status == "queued"


def test_nobody_waits_beside_many_who_do(
    alice: User, volume: Volume, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "LONGEST_WAIT", 60)
    monkeypatch.setattr(queue, "_places", threading.BoundedSemaphore(1))
    queue._places.acquire()
    began = time.monotonic()

    assert queue.wait(compress(alice, volume)).status == "queued"

    assert time.monotonic() - began < 10
