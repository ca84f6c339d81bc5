import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django_q.models import OrmQ

from accounts.models import User
from rules.errors import NotFound
from tests.people import actor, client_of, container_of
from tests.volumes.conftest import nest
from volumes import files, storage
from volumes import trash as trash_module
from volumes.models import Volume
from volumes.trash import sweep

# Directories are made when the transaction is committed.
pytestmark = pytest.mark.django_db(transaction=True)


def trash(storage_root: Path) -> list[Path]:
    return list((storage_root / "trash").glob("*"))


def test_row_and_files_are_gone(alice: User, storage_root: Path) -> None:
    volume = storage.create(alice)
    (storage.directory(volume) / "world").write_text("old")

    answer = client_of(alice).delete(f"/volumes/{volume.pk}")

    assert answer.status_code == 200
    assert answer.json() == {"message": "Volume deleted successfully"}
    assert not Volume.objects.exists()
    assert not (storage_root / "volumes" / str(volume.pk)).exists()
    assert OrmQ.objects.get().func() == "volumes.trash.sweep"
    sweep()
    assert trash(storage_root) == []


def test_files_that_cannot_be_thrown_away_are_left_to_the_sweep(alice: User, storage_root: Path) -> None:
    volume = storage.create(alice)
    (storage_root / "trash").rmdir()
    (storage_root / "trash").touch()

    answer = client_of(alice).delete(f"/volumes/{volume.pk}")

    assert answer.status_code == 200
    assert not Volume.objects.exists()
    assert storage.directory(volume).is_dir()
    assert OrmQ.objects.get().func() == "volumes.trash.sweep"


def test_what_goes_elsewhere_while_it_is_swept_keeps_nothing_in_the_trash(
    alice: User, storage_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a restore puts its draft into the volume's place, and another sweep takes what is left."""
    storage.delete(storage.create(alice))
    draft = trash_module.make_private(storage_root / "drafts") / f"{uuid.uuid4()}.new"
    draft.mkdir()
    found = trash_module._paths

    def gone_since() -> list[Path]:
        paths = found()
        if draft.exists():
            draft.rename(storage_root / "volumes" / "whole")
        return paths

    monkeypatch.setattr(trash_module, "_paths", gone_since)

    sweep()

    assert trash(storage_root) == []


def test_a_file_that_is_uploaded_meanwhile_is_refused(alice: User) -> None:
    volume = storage.create(alice)

    def pieces() -> Iterator[bytes]:
        yield b"half"
        storage.delete(volume)

    with pytest.raises(NotFound, match="Volume not found"):
        files.upload(actor(alice), str(volume.pk), "world", pieces(), replace=False)


def test_a_volume_that_a_container_uses_stays(alice: User) -> None:
    volume = container_of(alice).volume
    path = storage.make_directory(volume)

    answer = client_of(alice).delete(f"/volumes/{volume.pk}")

    assert answer.status_code == 409
    assert "web-1" in answer.json()["error"]
    assert path.is_dir()


def test_another_owner_s_volume_stays(alice: User, bob: User) -> None:
    volume = storage.create(alice)

    assert client_of(bob).delete(f"/volumes/{volume.pk}").status_code == 404
    assert storage.directory(volume).is_dir()


def test_a_deletion_that_is_rolled_back_touches_no_file(alice: User) -> None:
    volume = storage.create(alice)

    with transaction.atomic():
        storage.delete(Volume.objects.get())
        transaction.set_rollback(True)

    assert Volume.objects.get() == volume
    assert storage.directory(volume).is_dir()


def test_a_new_volume_of_the_same_id_is_not_thrown_away_with_the_old_one(alice: User) -> None:
    volume = storage.create(alice)
    volume_id = volume.pk

    with transaction.atomic():
        storage.delete(volume)
        new = storage.create(alice, volume_id=volume_id)

    assert storage.directory(new).is_dir()


def test_the_sweep_removes_what_a_crash_left_but_nothing_young(alice: User, storage_root: Path) -> None:
    volume = storage.create(alice)
    young = storage_root / "volumes" / "2f0c1a52-6c0e-4f0e-9e55-0a2f4c9a1f10"
    young.mkdir()

    sweep()

    assert young.is_dir()
    assert storage.directory(volume).is_dir()


def test_the_sweep_removes_what_is_nested_deeper_than_python_recurses(alice: User, storage_root: Path) -> None:
    volume = storage.create(alice)
    nest(storage.directory(volume), "d", 3000)
    storage.delete(volume)

    sweep()

    assert trash(storage_root) == []


def test_the_sweep_removes_an_old_directory_without_a_row(
    alice: User, storage_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.create(alice)
    left = storage_root / "volumes" / "2f0c1a52-6c0e-4f0e-9e55-0a2f4c9a1f10"
    left.mkdir()
    os.symlink("/etc", left / "link")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 6 * 24 * 3600)
    sweep()
    assert left.exists()  # the database may be an older one, put back from a copy
    monkeypatch.setattr(time, "time", lambda: now + 8 * 24 * 3600)

    sweep()

    assert not left.exists()
    assert Path("/etc/passwd").exists()
    assert len(list((storage_root / "volumes").iterdir())) == 1
