"""Two who delete the same backup at once: for the second one there is none."""

from pathlib import Path

import pytest
from django.db import transaction

from accounts.actor import Actor
from accounts.models import User
from accounts.permissions import Permission
from rules.errors import NotFound
from tests.people import actor
from tests.volumes.backups.working import made
from volumes.backups import deleting, lifecycle
from volumes.models import Backup, Volume

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["out of sight", "out of its store"])
def somebody_else(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deletes what was found, before it is deleted by who found it."""
    find = lifecycle.find

    def found_first(who: Actor, backup_id: str, *permission: Permission) -> Backup:
        found = find(who, backup_id, *permission)
        with transaction.atomic():
            deleting.let_go(Backup.objects.filter(pk=found.pk))
        if request.param == "out of its store":
            deleting.clear_stores()
        return found

    monkeypatch.setattr(lifecycle, "find", found_first)


@pytest.mark.usefixtures("somebody_else")
def test_one_that_somebody_else_has_deleted_is_not_found(alice: User, volume: Volume, folder: Path) -> None:
    backup = made(alice, volume)

    with pytest.raises(NotFound, match="Backup not found"):
        lifecycle.delete(actor(alice), str(backup.pk))


@pytest.mark.usefixtures("somebody_else")
def test_with_its_volume_it_is_not_among_those_that_stay(alice: User, volume: Volume, folder: Path) -> None:
    made(alice, volume)

    assert lifecycle.delete_with_volume(actor(alice), str(volume.pk)) == []
