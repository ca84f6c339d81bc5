"""A volume that is being restored, and the containers on it: neither begins while the other is under way."""

from collections.abc import Callable

import pytest

from accounts.models import User
from containers import lifecycle
from containers.lifecycle import NewContainer
from containers.models import Container
from containers.states import WITH_PROCESS
from rules.errors import Conflict
from tests.people import actor, container_of
from volumes import storage
from volumes.backups import lifecycle as backups
from volumes.backups.lifecycle import Into
from volumes.models import Backup, Operation
from volumes.operations import run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("engine_here")]

RESTORED = "The volume is being restored from a backup"


@pytest.fixture
def container(transactional_db: None, alice: User, engine_here: None) -> Container:
    container = container_of(alice)
    Container.objects.update(state="ready", installed=True)
    (storage.made(container.volume) / "level.dat").write_text("before")
    return container


@pytest.fixture
def backup(alice: User, container: Container) -> Backup:
    backup = backups.create(actor(alice), str(container.volume_id))
    run.run(str(backup.operation_id))
    backup.refresh_from_db()
    return backup


def restore(user: User, backup: Backup) -> Operation:
    return backups.restore(actor(user), str(backup.pk), Into.SAME)


def test_meanwhile_none_is_started_reinstalled_or_made(alice: User, container: Container, backup: Backup) -> None:
    operation = restore(alice, backup)
    new = NewContainer("web-2", "debian:bookworm", container.volume_id, "true")

    beginnings: list[Callable[[], object]] = [
        lambda: lifecycle.start(actor(alice), "web-1"),
        lambda: lifecycle.restart(actor(alice), "web-1"),
        lambda: lifecycle.reinstall(actor(alice), "web-1"),
        lambda: lifecycle.create(actor(alice), new),
    ]
    for begin in beginnings:
        with pytest.raises(Conflict, match=RESTORED):
            begin()

    run.run(str(operation.pk))
    assert lifecycle.start(actor(alice), "web-1").state == "starting"


@pytest.mark.parametrize("state", sorted(WITH_PROCESS))
def test_it_is_not_begun_while_one_runs(alice: User, container: Container, backup: Backup, state: str) -> None:
    Container.objects.update(state=state)

    with pytest.raises(Conflict, match="The volume is in use by web-1; stop that first"):
        restore(alice, backup)


def test_one_that_was_started_beside_us_meanwhile_keeps_its_files(
    alice: User, container: Container, backup: Backup
) -> None:
    level = storage.directory(container.volume) / "level.dat"
    level.write_text("now")
    operation = restore(alice, backup)
    Container.objects.update(state="running")

    run.run(str(operation.pk))

    operation.refresh_from_db()
    assert operation.error == "The volume is in use by web-1; stop that first"
    assert level.read_text() == "now"
