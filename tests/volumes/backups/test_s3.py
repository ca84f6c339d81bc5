"""Backups in a real store that speaks S3: OpenStack Swift, started for these tests."""

import hashlib
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from lightd_site.logs import redact
from rules.errors import Unavailable
from tests import s3
from tests.mounts import disk_of
from tests.people import actor, client_of
from tests.s3 import BUCKET, S3
from tests.volumes.archives import picture
from tests.volumes.backups.working import made, restored, settled, worked
from tests.volumes.sent import content_of
from tests.volumes.workers import killed_at, lines_of, next_worker
from volumes.backups import deleting, lifecycle
from volumes.backups.stores import s3 as stores_s3
from volumes.backups.stores import store_of
from volumes.backups.stores.s3 import S3Store
from volumes.models import Backup, Operation, Volume
from volumes.operations import asking

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with s3.running(tmp_path_factory.mktemp("swift")) as server:
        yield server


@pytest.fixture
def bucket(swift: S3, settings: Settings) -> S3:
    """The store that new backups go to, with nothing of ours in it."""
    settings.S3_ENDPOINT, settings.S3_BUCKET, settings.S3_REGION = swift.endpoint, BUCKET, s3.REGION
    settings.S3_ACCESS_KEY, settings.S3_SECRET_KEY, settings.S3_PREFIX = s3.USER, s3.KEY, "lightd/"
    S3Store.configured().clear("")
    return swift


def test_there_and_back_again(alice: User, volume: Volume, folder: Path, bucket: S3, backup_root: Path) -> None:
    before = picture(folder)

    backup = made(alice, volume)

    assert (backup.status, backup.store, backup.error) == ("good", "s3", "")
    assert bucket.names() == [f"lightd/{backup.file}"]
    assert bucket.unfinished() == []
    assert hashlib.sha256(bucket.get(f"lightd/{backup.file}")).hexdigest() == backup.sha256
    (folder / "start.sh").unlink()
    assert restored(alice, backup).error == ""
    assert picture(folder) == before
    assert list(backup_root.iterdir()) == []  # where it was fetched to


def test_in_many_parts_with_little_memory(alice: User, volume: Volume, bucket: S3, folder: Path) -> None:
    (folder / "large").write_bytes(os.urandom(60 << 20))
    before = picture(folder)
    warm(bucket)

    tracemalloc.start()
    backup = made(alice, volume)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert backup.is_good, backup.error
    assert backup.size is not None
    assert backup.size > 60 << 20
    assert peak < 28 << 20  # a part, and no more of it on its way
    assert restored(alice, backup).error == ""
    assert picture(folder) == before


def warm(bucket: S3) -> None:
    """The client's own descriptions of S3 are no part of a backup's memory."""
    store = S3Store.configured()
    with store.new_file("warm") as new:
        new.write(b"warm")
        new.finish()
    store.clear("warm")


@pytest.mark.parametrize("asked", ["bytes=5-9", "bytes=-3", "bytes=10-"])
def test_downloaded_through_us(alice: User, volume: Volume, folder: Path, bucket: S3, asked: str) -> None:
    backup = made(alice, volume)
    whole = bucket.get(f"lightd/{backup.file}")
    address = f"/backups/{backup.pk}/download"

    answer = client_of(alice).get(address)
    part = client_of(alice).get(address, headers={"Range": asked})

    assert content_of(answer) == whole
    assert answer["ETag"] == f'"{backup.sha256}"'
    expected = {"bytes=5-9": whole[5:10], "bytes=-3": whole[-3:], "bytes=10-": whole[10:]}[asked]
    assert (part.status_code, content_of(part)) == (206, expected)


def test_deleted_there_as_well(alice: User, volume: Volume, folder: Path, bucket: S3) -> None:
    backup = made(alice, volume)
    bucket.put("lightd/of-somebody-else", b"stays")

    lifecycle.delete(actor(alice), str(backup.pk))
    deleting.clear_stores()

    assert bucket.names() == ["lightd/of-somebody-else"]
    assert not Backup.objects.exists()


def test_without_room_to_fetch_it_nothing_is_restored(
    alice: User, volume: Volume, folder: Path, bucket: S3, settings: Settings, tmp_path: Path
) -> None:
    (folder / "large").write_bytes(os.urandom(2 << 20))
    backup = made(alice, volume)

    with disk_of(tmp_path / "small", "1m") as settings.BACKUP_ROOT:
        operation = restored(alice, backup)

    assert (operation.error, operation.error_status) == ("There is no room left where backups are kept", 507)


def test_a_bit_that_changed_there(alice: User, volume: Volume, folder: Path, bucket: S3) -> None:
    backup = made(alice, volume)
    before = picture(folder)
    content = bytearray(bucket.get(f"lightd/{backup.file}"))
    content[100] ^= 1
    bucket.put(f"lightd/{backup.file}", bytes(content))

    operation = restored(alice, backup)

    assert operation.error.startswith("The backup is damaged")
    assert picture(folder) == before


# --- Cut off ------------------------------------------------------------------


def test_killed_anywhere_it_is_not_good_and_the_next_worker_makes_it(
    alice: User, volume: Volume, folder: Path, bucket: S3
) -> None:
    for _ in range(2):
        total = lines_of(asked(alice, volume))
        forget(bucket)

    for point in range(10):
        operation = asked(alice, volume)
        killed_at(operation, total * (point + 1) // 11 if point % 2 else total - 3 - point * 8)
        backup = settled(Backup.objects.get())
        assert backup.status == "making" or f"lightd/{backup.file}" in bucket.names()

        operation.refresh_from_db()
        next_worker(operation)

        settled(backup)
        assert backup.is_good, backup.error
        assert bucket.names() == [f"lightd/{backup.file}"]
        assert bucket.unfinished() == []
        forget(bucket)


def asked(user: User, volume: Volume) -> Operation:
    backup = lifecycle.create(actor(user), str(volume.pk))
    assert backup.operation
    return backup.operation


def forget(bucket: S3) -> None:
    Operation.objects.all().delete()
    Backup.objects.all().delete()
    S3Store.configured().clear("")


def test_what_a_dead_worker_was_uploading_is_given_up(alice: User, volume: Volume, folder: Path, bucket: S3) -> None:
    for _ in range(2):
        total = lines_of(asked(alice, volume))
        forget(bucket)
    operation = asked(alice, volume)
    killed_at(operation, total // 2)
    assert bucket.unfinished() != []
    asking.cancel(actor(alice), str(volume.pk), str(operation.pk))

    backup = settled(Backup.objects.get())

    assert (backup.status, bucket.unfinished(), bucket.names()) == ("failed", [], [])


# --- Away, or another one -----------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("S3_BUCKET", "nobodys", "The store of backups refuses: NoSuchBucket"),
        ("S3_SECRET_KEY", "wrong", "The store of backups refuses: SignatureDoesNotMatch"),
        ("S3_ENDPOINT", "http://127.0.0.1:9", "The store of backups cannot be reached"),
    ],
)
def test_a_store_that_does_not_take_it_is_named(
    alice: User,
    volume: Volume,
    folder: Path,
    bucket: S3,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: str,
    sentence: str,
) -> None:
    monkeypatch.setattr(stores_s3, "_TRIES", 1)
    setattr(settings, setting, value)

    backup = worked(lifecycle.create(actor(alice), str(volume.pk)))

    assert backup.status == "failed"
    assert backup.error.startswith(sentence)
    assert backup.leftovers  # asked for again when the store is there


def test_a_row_remembers_its_store(
    alice: User, volume: Volume, folder: Path, bucket: S3, settings: Settings, backup_root: Path
) -> None:
    far = made(alice, volume)
    settings.S3_BUCKET = ""
    near = made(alice, volume)

    assert (far.store, near.store) == ("s3", "local")
    with pytest.raises(Unavailable, match="not configured any more"):
        store_of(far)
    settings.S3_BUCKET = BUCKET
    assert restored(alice, near).status == "done"


def test_its_key_is_in_no_log(settings: Settings) -> None:
    settings.S3_SECRET_KEY = "wJalrXUtnFEMI/K7MDENG"

    assert redact("signing with wJalrXUtnFEMI/K7MDENG failed") == "signing with … failed"
