import os
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from volumes import storage
from volumes.models import Volume


@pytest.fixture(autouse=True)
def backup_root(storage_root: Path, settings: Settings) -> Path:
    settings.BACKUP_ROOT = storage_root / "backups"
    return storage_root / "backups"


@pytest.fixture
def volume(transactional_db: None, alice: User) -> Volume:
    return storage.create(alice, quota_mb=64)


@pytest.fixture
def folder(volume: Volume) -> Path:
    """A little of everything that a disk can hold."""
    storage.made(volume)
    folder = storage.directory(volume)
    for number in range(10):
        (folder / f"world/{number}").mkdir(parents=True)
        (folder / f"world/{number}/chunk").write_bytes(os.urandom(5000))
    (folder / "start.sh").write_text("#!/bin/sh\n")
    (folder / "start.sh").chmod(0o750)
    (folder / "World").write_text("another case")
    (folder / "world/hole").touch()
    os.truncate(folder / "world/hole", 3 << 20)
    (folder / "latest").symlink_to("world/9/chunk")
    (folder / "outside").symlink_to("/etc/localtime")
    (folder / "empty").mkdir(mode=0o711)
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9")).write_text("not UTF-8")
    os.chown(folder / "world/1", 1000, 1001)  # users of the container's
    os.chown(folder / "world/1/chunk", 1000, 1001)
    os.chown(folder / "latest", 1000, 1001, follow_symlinks=False)
    os.utime(folder / "start.sh", ns=(1_600_000_000_123_456_789, 1_600_000_000_123_456_789))
    os.utime(folder / "world/3", ns=(1_500_000_000_000_000_001, 1_500_000_000_000_000_001))
    return folder
