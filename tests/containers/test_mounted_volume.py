"""The volume as a new container finds it."""

import stat
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from containers.jobs import files
from tests.people import container_of
from volumes import storage


@pytest.fixture(autouse=True)
def _storage_root(tmp_path: Path, settings: Settings) -> None:
    settings.STORAGE_ROOT = tmp_path


@pytest.mark.django_db
def test_its_mode_is_as_its_container_has_left_it(alice: User) -> None:
    """PostgreSQL, for one, does not start on a directory that others may enter."""
    container = container_of(alice)
    files.prepare(container)
    home = storage.directory(container.volume)
    assert stat.S_IMODE(home.stat().st_mode) == 0o777
    home.chmod(0o700)

    files.prepare(container)

    assert stat.S_IMODE(home.stat().st_mode) == 0o700
