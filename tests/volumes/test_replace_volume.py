"""What is in a volume, replaced at once: for what is restored from a backup."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from accounts.models import User
from rules.errors import Conflict
from tests.mounts import mounts_below
from tests.volumes.conftest import names, put, volume_with
from volumes import locks, storage, uses
from volumes.images import unmount
from volumes.models import Volume
from volumes.trash import sweep

# Directories are made when the transaction is committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def volume(alice: User, each_storage: str) -> Volume:
    return volume_with(alice, "old", b"old")


def test_the_replacement_is_empty_and_then_in_the_volume_s_place(volume: Volume, storage_root: Path) -> None:
    with storage.replacement(volume) as new:
        with new.tree() as tree:
            assert names(tree) == []
            put(tree, "new", b"new")
        storage.swap(volume, new)
        assert os.listdir(storage.directory(volume)) == ["new"]

    with storage.tree(volume) as tree:
        assert names(tree) == ["new"]
    sweep()
    assert not list((storage_root / "trash").iterdir())
    assert not list((storage_root / "drafts").iterdir())
    assert len(mounts_below(storage_root)) == (volume.storage == "image")


def test_a_replacement_that_is_not_used_leaves_all_as_it_was(volume: Volume, storage_root: Path) -> None:
    with storage.replacement(volume) as new, new.tree() as tree:
        put(tree, "new", b"new")

    assert os.listdir(storage.directory(volume)) == ["old"]
    assert not list((storage_root / "drafts").iterdir())


def test_what_is_in_use_is_not_replaced(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uses, "_rules", [lambda _: ["web-1"]])

    with storage.replacement(volume) as new, pytest.raises(Conflict, match="web-1"):
        storage.swap(volume, new)

    assert os.listdir(storage.directory(volume)) == ["old"]


def test_what_is_open_is_not_replaced(alice: User, images: None) -> None:
    volume = storage.create(alice, quota_mb=64)

    with storage.tree(volume), storage.replacement(volume) as new, pytest.raises(Conflict, match="in use"):
        storage.swap(volume, new)

    assert storage.directory(volume).is_dir()


def test_what_got_another_size_meanwhile_is_not_replaced(volume: Volume) -> None:
    with storage.replacement(volume) as new:
        Volume.objects.update(quota_mb=65)
        with pytest.raises(Conflict, match="another size"):
            storage.swap(volume, new)


def test_a_start_waits_until_it_is_replaced(volume: Volume) -> None:
    with locks.held(str(volume.pk)), pytest.raises(locks.Busy), storage.kept(volume):
        pass
    with storage.kept(volume) as path:
        assert path.is_dir()


def test_a_start_during_an_enlargement_is_refused_at_once(alice: User, images: None) -> None:
    """Who waited for it would get the volume a moment later."""
    volume = storage.create(alice, quota_mb=64)
    begun, refused = Event(), Event()

    def enlarge() -> None:
        with locks.held(str(volume.pk)) as lock:
            unmount(storage.image(volume), lock)
            begun.set()
            refused.wait(10)

    with ThreadPoolExecutor(1) as thread:
        enlargement = thread.submit(enlarge)
        assert begun.wait(10)
        with pytest.raises(locks.Busy), storage.kept(volume):
            pass
        refused.set()
        enlargement.result()
