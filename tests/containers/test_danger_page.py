"""The Danger tab: a container is deleted by who types its name."""

import pytest

from accounts.models import User
from accounts.permissions import Permission
from containers.models import Container, Grant
from ports import pool
from ports.models import Port
from ports.pool import PortRequest
from tests.people import browser_of, container_of

URL = "/dashboard/container/web-1/danger"


@pytest.fixture
def container(alice: User) -> Container:
    pool.add("0.0.0.0", 25565, "tcp")
    one = container_of(alice)
    pool.take(one, [PortRequest(host_port=25565)])
    return one


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


def test_without_an_engine_it_says_so_and_nothing_changed(container: Container, engine_away: None) -> None:
    answer = browser_of(container.owner).post(URL, {"name": "web-1"})

    assert answer.status_code == 503
    assert answer.context["form"].non_field_errors()
    assert Container.objects.get().deleting_at is None
    assert not Port.objects.free().exists()
