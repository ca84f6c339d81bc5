"""The Danger tab: a container is deleted by who types its name."""

from typing import Any

import pytest

from accounts.models import User
from accounts.permissions import Permission
from containers.models import Container, Grant
from ports import pool
from ports.models import Port
from ports.pool import PortRequest
from tests.people import browser_of, container_of
from volumes.models import Backup, Volume

URL = "/dashboard/container/web-1/danger"


@pytest.fixture
def container(alice: User) -> Container:
    pool.add("0.0.0.0", 25565, "tcp")
    one = container_of(alice)
    pool.take(one, [PortRequest(host_port=25565)])
    return one


def backup_of(volume: Volume, **fields: Any) -> Backup:
    made = {"of_volume": volume.pk, "owner": volume.owner, "store": "local", "status": Backup.Status.FAILED}
    return Backup.objects.create(volume=volume, **made, **fields)


def test_it_says_what_goes_and_what_stays(container: Container) -> None:
    page = browser_of(container.owner).get(URL).content.decode()

    assert "0.0.0.0:25565/tcp</b> goes back to the pool" in page
    assert str(container.volume_id) in page


@pytest.mark.parametrize("typed", ["", "web-2", "WEB-1"])
def test_another_name_deletes_nothing(container: Container, typed: str) -> None:
    answer = browser_of(container.owner).post(URL, {"name": typed})

    assert answer.status_code == 400
    assert answer.context["form"].errors["name"]
    assert Container.objects.exists()


def test_only_who_may_delete_it_gets_there(container: Container, bob: User) -> None:
    client = browser_of(bob)
    assert client.get(URL).status_code == 404
    Grant.objects.create(container=container, user=bob, permissions=sorted(set(Permission) - {Permission.DELETE}))

    assert client.get(URL).status_code == 403
    assert client.post(URL, {"name": "web-1"}).status_code == 403
    assert Container.objects.exists()


def test_its_name_deletes_it_and_the_list_says_so(container: Container, engine_here: None) -> None:
    answer = browser_of(container.owner).post(URL, {"name": "web-1"}, follow=True)

    assert answer.redirect_chain == [("/dashboard/containers/", 302)]
    assert f"web-1 is deleted. Its volume {container.volume_id} is kept." in answer.content.decode()
    assert not Container.objects.exists()
    assert Port.objects.free().exists()


def test_its_volume_goes_with_it_only_if_both_names_are_typed(container: Container, engine_here: None) -> None:
    volume = container.volume
    backup = backup_of(volume)
    client = browser_of(container.owner)

    refused = client.post(URL, {"name": "web-1", "with_volume": "on", "volume_name": "web-1"})

    assert refused.context["form"].errors == {"volume_name": [f"This is not {volume.short}."]}
    assert Container.objects.exists()

    answer = client.post(URL, {"name": "web-1", "with_volume": "on", "volume_name": volume.short}, follow=True)

    assert "web-1 is deleted, with its volume and its backups." in answer.content.decode()
    assert not Volume.objects.exists()
    backup.refresh_from_db()
    assert backup.status == Backup.Status.DELETING


def test_a_locked_backup_stays_and_is_named(container: Container, engine_here: None) -> None:
    volume = container.volume
    backup_of(volume, locked=True, name="dear")
    typed = {"name": "web-1", "with_volume": "on", "volume_name": volume.short}

    answer = browser_of(container.owner).post(URL, typed, follow=True)

    assert "Of its backups these stay, locked or in use: dear." in answer.content.decode()
    assert Backup.objects.get().status == Backup.Status.FAILED


def test_who_may_not_delete_the_volume_is_not_offered_it(container: Container, bob: User, engine_here: None) -> None:
    Grant.objects.create(container=container, user=bob, permissions=[Permission.DELETE])
    client = browser_of(bob)
    typed = {"name": "web-1", "with_volume": "on", "volume_name": container.volume.short}

    assert "with_volume" in browser_of(container.owner).get(URL).content.decode()
    assert "with_volume" not in client.get(URL).content.decode()
    client.post(URL, typed)

    assert not Container.objects.exists()
    assert Volume.objects.exists()


def test_a_volume_that_another_container_uses_stays(container: Container, engine_here: None) -> None:
    other = container_of(container.owner, "web-2")
    Container.objects.filter(pk=other.pk).update(volume=container.volume)

    assert "with_volume" not in browser_of(container.owner).get(URL).content.decode()


def test_without_an_engine_it_says_so_and_nothing_changed(container: Container, engine_away: None) -> None:
    answer = browser_of(container.owner).post(URL, {"name": "web-1"})

    assert answer.status_code == 503
    assert answer.context["form"].non_field_errors()
    assert Container.objects.get().deleting_at is None
    assert not Port.objects.free().exists()
