"""A database and a storage root that do not belong together touch nothing of each other."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import User
from containers.instance import Foreign, refuse_foreign
from containers.models import Installation
from volumes import storage
from volumes.models import Volume

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Settings) -> Path:
    settings.STORAGE_ROOT = tmp_path / "var"
    return tmp_path / "var"


def volume_on_disk() -> Path:
    """Of an owner whose row is lost with the database."""
    volume = storage.create(User.objects.create_user("carol"))
    path = storage.made(volume)
    (path / "world").write_text("precious")
    Volume.objects.all().delete()
    User.objects.all().delete()
    return path


def test_two_new_ones_belong_together_from_now_on(root: Path) -> None:
    refuse_foreign()
    volume_on_disk()
    refuse_foreign()

    assert Installation.objects.get().pk == (root / "instance").read_text()


def test_an_empty_database_is_refused_where_there_are_volumes() -> None:
    path = volume_on_disk()

    with pytest.raises(Foreign, match="holds the volumes of an installation that this database knows nothing of"):
        refuse_foreign()
    with pytest.raises(CommandError, match="set DATABASE_URL and LIGHTD_STORAGE_ROOT to two that belong together"):
        call_command("first_run")

    assert not User.objects.exists()
    assert (path / "world").read_text() == "precious"


def test_a_database_that_knows_volumes_belongs_to_where_they_are(root: Path, alice: User) -> None:
    """Of an installation that is older than this rule."""
    storage.create(alice)
    refuse_foreign()

    assert Installation.objects.exists()


def test_another_storage_root_is_refused(root: Path) -> None:
    refuse_foreign()
    (root / "instance").write_text("another")

    with pytest.raises(Foreign, match="does not belong to the storage root"):
        refuse_foreign()


def test_a_disk_that_is_not_mounted_is_refused_and_stays_empty(root: Path) -> None:
    refuse_foreign()
    (root / "instance").unlink()

    with pytest.raises(Foreign, match="mount its disk"):
        refuse_foreign()

    assert not (root / "instance").exists()
