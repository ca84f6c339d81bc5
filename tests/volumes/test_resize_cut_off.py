"""Workers that are killed in the middle of a resize: no byte is lost, and the next one finishes it."""

import os
import signal
import time
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import User
from tests.mounts import unmount_below
from tests.people import actor
from tests.volumes.archives import Picture, picture
from tests.volumes.workers import killed_at, lines_of, next_worker
from volumes import resizing, storage
from volumes.images import size
from volumes.models import Operation, Volume
from volumes.operations import queue, run
from work import lease

pytestmark = pytest.mark.django_db(transaction=True)

POINTS = 20
MIB = 1 << 20


@pytest.fixture
def volume(alice: User, images: None, monkeypatch: pytest.MonkeyPatch) -> Volume:
    """With files in it, in an image that has room for 64 MB."""
    monkeypatch.setattr(size, "_SMALLEST", 128)
    monkeypatch.setattr(size, "_TIMES", 2)
    volume = storage.create(alice, quota_mb=48)
    for number in range(20):
        folder = storage.directory(volume) / f"world/{number}"
        folder.mkdir(parents=True)
        (folder / "region").write_bytes(os.urandom(300_000))
    return volume


def ask(alice: User, volume: Volume, megabytes: int) -> Operation:
    operation = resizing.resize(actor(alice), str(volume.pk), megabytes)
    assert operation
    return operation


def room(volume: Volume) -> float:
    status = os.statvfs(storage.made(volume))
    return status.f_bavail * status.f_frsize / MIB


def finish(volume: Volume, operation: Operation, megabytes: int, before: Picture) -> None:
    """What comes after a crash, and what then is there."""
    assert picture(storage.made(volume)) == before
    operation.refresh_from_db()
    next_worker(operation)
    assert (operation.status, operation.error) == ("done", "")
    volume.refresh_from_db()
    assert volume.quota_mb == megabytes
    assert picture(storage.made(volume)) == before
    assert megabytes - 7 < room(volume) < megabytes - 4


@pytest.mark.parametrize(("first", "second"), [(64, 32), (32, 64)])
def test_killed_anywhere(alice: User, volume: Volume, first: int, second: int) -> None:
    """Both ways, at twenty lines each."""
    before = picture(storage.made(volume))
    run.run(str(ask(alice, volume, first).pk))
    total = lines_of(ask(alice, volume, second))

    for point in range(POINTS):
        run.run(str(ask(alice, volume, first).pk))
        operation = ask(alice, volume, second)
        killed_at(operation, 1 + point * (total - 2) // (POINTS - 1))
        finish(volume, operation, second, before)


@pytest.mark.parametrize(("renewed", "megabytes"), [(False, 48), (True, 64)])
def test_given_up_it_gives_back_what_it_was_given_unless_its_worker_lives(
    alice: User, volume: Volume, renewed: bool, megabytes: int
) -> None:
    ask(alice, volume, 64)
    now = timezone.now()
    Operation.objects.update(status="running", attempts=lease.MAX_ATTEMPTS, lease_until=now)
    seen = Operation.objects.get()
    if renewed:
        assert lease.renew(seen)

    queue._put_back(seen, now)

    volume.refresh_from_db()
    assert volume.quota_mb == megabytes
    assert Operation.objects.get().status == ("running" if renewed else "failed")


def test_killed_in_the_middle_of_the_programs(alice: User, volume: Volume, storage_root: Path) -> None:
    """An image that has to be copied, at twenty moments; every second time the host goes down as well."""
    before = picture(storage.made(volume))
    began = time.monotonic()
    megabytes = 256
    operation = ask(alice, volume, megabytes)
    run.run(str(operation.pk))
    takes = time.monotonic() - began

    for point in range(POINTS):
        megabytes += 256
        operation = ask(alice, volume, megabytes)
        killed_after(takes * point / POINTS, operation)
        if point % 2:
            unmount_below(storage_root)
        finish(volume, operation, megabytes, before)


def killed_after(seconds: float, operation: Operation) -> None:
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            run.run(str(operation.pk))
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
