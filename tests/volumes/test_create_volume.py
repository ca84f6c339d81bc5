import ctypes
import os
import stat
import subprocess
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from containers.models import Container
from rules.errors import Conflict, NotFound, Unavailable
from tests.at_once import at_once
from tests.people import client_of
from volumes import locks, storage
from volumes.images import unmount
from volumes.models import Volume

# Directories are made when the transaction is committed.
pytestmark = pytest.mark.django_db(transaction=True)

URL = "/volumes"


def test_a_volume_is_a_row_and_an_empty_directory(alice: User, storage_root: Path) -> None:
    answer = client_of(alice).post(URL, {})

    assert answer.status_code == 201
    body = answer.json()
    assert body["id"] == body["volume_id"]
    assert body["quota_mb"] == 1024
    assert Path(body["path"]) == storage_root / "volumes" / body["volume_id"]
    assert list(Path(body["path"]).iterdir()) == []


def test_a_size_in_mb_is_its_quota(alice: User) -> None:
    assert client_of(alice).post(URL, {"size": 2048}).json()["quota_mb"] == 2048


def test_what_its_owner_has_is_summed_up_once(alice: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        storage.create(alice)

    assert len([query for query in queries if "SUM(" in query["sql"]]) == 1


def test_everyone_in_a_container_may_write_there_and_nobody_on_the_host_comes_near(
    alice: User, storage_root: Path
) -> None:
    directory = storage.directory(storage.create(alice))

    assert directory.stat().st_mode & 0o777 == 0o777
    assert directory.parent.stat().st_mode & 0o777 == 0o700


def test_a_volume_that_is_rolled_back_leaves_no_directory(alice: User, storage_root: Path) -> None:
    with transaction.atomic():
        storage.ensure(uuid.uuid4(), alice)
        transaction.set_rollback(True)

    assert not list((storage_root / "volumes").glob("*"))


@pytest.mark.parametrize("size", [0, -1, 2**31, 1.5, "10", None, True])
def test_a_bad_size_is_refused(alice: User, size: object, storage_root: Path) -> None:
    answer = client_of(alice).post(URL, {"size": size})

    assert answer.status_code == 400
    assert list(answer.json()["details"]) == ["size"]
    assert not Volume.objects.exists()
    assert not storage_root.exists()


def test_an_unknown_id_makes_a_new_volume(alice: User) -> None:
    volume_id = uuid.uuid4()

    volume = storage.ensure(volume_id, alice)

    assert volume.pk == volume_id
    assert storage.directory(volume).is_dir()
    assert storage.ensure(volume_id, alice) == volume


def test_nobody_waits_for_a_volume_in_a_transaction(alice: User, images: None) -> None:
    """Its row is all that a container's needs. Whoever wrote to the database would wait as well."""
    volume = storage.create(alice)

    with locks.held(str(volume.pk)) as lock:
        unmount(storage.image(volume), lock)
        with transaction.atomic():
            assert storage.ensure(volume.pk, alice) == volume


def test_another_owner_s_is_not_found_except_by_an_administrator(alice: User, bob: User, admin: User) -> None:
    volume = storage.create(alice)

    with pytest.raises(NotFound, match="Volume not found"):
        storage.ensure(volume.pk, bob)
    assert storage.ensure(volume.pk, admin) == volume


def test_an_id_that_is_taken_is_a_conflict_and_its_files_stay(alice: User, bob: User) -> None:
    volume = storage.create(alice)
    (storage.directory(volume) / "world").write_text("precious")

    with pytest.raises(Conflict):
        storage.create(bob, volume_id=volume.pk)
    assert (storage.directory(volume) / "world").read_text() == "precious"


def test_files_that_a_crash_left_under_the_id_are_not_inherited(alice: User, storage_root: Path) -> None:
    volume_id = uuid.uuid4()
    left = storage_root / "volumes" / str(volume_id)
    left.mkdir(parents=True)
    (left / "secret").touch()

    volume = storage.create(alice, volume_id=volume_id)

    assert list(storage.directory(volume).iterdir()) == []


def test_many_at_once_for_one_new_id_share_one_volume() -> None:
    alice = User.objects.create_user("alice")
    volume_id = uuid.uuid4()

    def ensure_and_write(index: int) -> Volume:
        volume = storage.ensure(volume_id, alice)
        (storage.made(volume) / str(index)).touch()
        return volume

    results = at_once(ensure_and_write, 10)

    assert all(isinstance(result, Volume) for result in results)
    assert len(list(storage.directory(Volume.objects.get()).iterdir())) == 10


# --- Hosts that have no room for one more ------------------------------------------


CLONE_NEWNS = 0x20000


def without_loop_devices(action: Callable[[], None]) -> None:
    """Run in a thread whose `/dev` has none: what the kernel says is as when all are in use.

    What is unmounted meanwhile is unmounted there as well, or it would keep the volumes of others mounted.
    """

    def run() -> None:
        assert ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) == 0
        subprocess.run(["mount", "--make-rslave", "/"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", "/dev"], check=True)
        os.mknod("/dev/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        try:
            action()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(run).result(timeout=60)


def test_without_a_device_there_is_no_volume_and_nothing_is_left_of_it(
    alice: User, images: None, storage_root: Path
) -> None:
    storage.create(alice)  # by now it is known that there can be images
    before = sorted(path.name for path in (storage_root / "images").iterdir())
    answers = []

    without_loop_devices(lambda: answers.append(client_of(alice).post(URL, {})))

    [answer] = answers
    assert (answer.status_code, answer.json()) == (
        503,
        {"error": "The host has no loop device left for another volume"},
    )
    assert Volume.objects.count() == 1
    assert sorted(path.name for path in (storage_root / "images").iterdir()) == before


def test_a_container_keeps_its_new_volume_for_the_next_installation(alice: User, images: None) -> None:
    storage.create(alice)

    def make() -> None:
        with transaction.atomic():
            volume = storage.ensure(uuid.uuid4(), alice)
            Container.objects.create(
                internal_id="web-1", owner=alice, volume=volume, image="debian", startup_command="true"
            )

    without_loop_devices(make)

    volume = Container.objects.get().volume
    without_loop_devices(lambda: cannot_be_used(volume))
    with storage.kept(volume) as path:
        assert path.is_dir()


def cannot_be_used(volume: Volume) -> None:
    with pytest.raises(Unavailable, match="no loop device left"), storage.kept(volume):
        pass
