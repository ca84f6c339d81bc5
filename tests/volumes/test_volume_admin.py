import pytest
from django.test import Client

from accounts.models import User
from tests.people import container_of
from volumes import storage
from volumes.models import Volume

URL = "/admin/volumes/volume/"


def test_the_admin_lists_and_finds_volumes(client: Client, admin: User, alice: User) -> None:
    volume = storage.create(alice, quota_mb=5)
    client.force_login(admin)

    assert str(volume.pk) in client.get(f"{URL}?q=alice").content.decode()
    assert client.get(f"{URL}{volume.pk}/change/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_admin_deletes_files_too_but_none_in_use(client: Client, admin: User) -> None:
    unused, used = storage.create(admin), container_of(admin).volume
    path = storage.directory(unused)
    client.force_login(admin)

    client.post(f"{URL}{unused.pk}/delete/", {"post": "yes"})
    client.post(f"{URL}{used.pk}/delete/", {"post": "yes"})

    assert not path.exists()
    assert Volume.objects.get() == used
