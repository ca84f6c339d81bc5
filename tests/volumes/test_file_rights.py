"""Who may touch a volume's files: owner, administrators, and whoever was let to those of a container that uses it."""

from pathlib import Path

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from containers.models import Container, Grant
from tests.people import client_of, container_of
from volumes import storage


@pytest.fixture
def container(alice: User) -> Container:
    container = container_of(alice)
    (storage.make_directory(container.volume) / "file").write_text("content")
    return container


def read(client: APIClient, container: Container) -> int:
    return client.get(f"/volumes/{container.volume_id}/files/content?path=file").status_code


def write(client: APIClient, container: Container) -> int:
    return client.post(f"/volumes/{container.volume_id}/files", {"path": "file", "content": "x"}).status_code


def test_owner_and_administrator(container: Container, alice: User, admin: User) -> None:
    for user in (alice, admin):
        assert (read(client_of(user), container), write(client_of(user), container)) == (200, 200)


def test_a_stranger_learns_nothing(container: Container, bob: User) -> None:
    assert (read(client_of(bob), container), write(client_of(bob), container)) == (404, 404)


@pytest.mark.parametrize(
    ("permissions", "reads", "writes"),
    [(["files.read"], 200, 403), (["files.write"], 403, 200), (["power"], 403, 403), ([], 404, 404)],
)
def test_what_was_granted_on_the_container(
    container: Container, bob: User, permissions: list[str], reads: int, writes: int
) -> None:
    if permissions:
        Grant.objects.create(container=container, user=bob, permissions=permissions)

    assert (read(client_of(bob), container), write(client_of(bob), container)) == (reads, writes)


def test_one_of_several_containers_is_enough(container: Container, alice: User, bob: User) -> None:
    other = container_of(alice, "web-2")
    other.volume = container.volume
    other.save()
    Grant.objects.create(container=other, user=bob, permissions=["files.read"])

    assert read(client_of(bob), container) == 200


def test_a_grant_that_was_taken_back_ends_it(container: Container, bob: User) -> None:
    grant = Grant.objects.create(container=container, user=bob, permissions=["files.read"])
    assert read(client_of(bob), container) == 200

    grant.delete()

    assert read(client_of(bob), container) == 404


def test_a_container_s_owner_has_its_files_on_an_administrator_s_volume(container: Container, bob: User) -> None:
    container.owner = bob
    container.save()

    assert (read(client_of(bob), container), write(client_of(bob), container)) == (200, 200)


@pytest.mark.parametrize(
    ("scopes", "reads", "writes"),
    [(["files.read"], 200, 403), (["files.write"], 403, 200), (["power"], 403, 403), (["volumes"], 403, 403)],
)
def test_a_token_s_scopes(container: Container, alice: User, scopes: list[str], reads: int, writes: int) -> None:
    client = client_of(alice, scopes=scopes)

    assert (read(client, container), write(client, container)) == (reads, writes)


def test_a_token_for_single_containers(container: Container, alice: User, admin: User) -> None:
    for user in (alice, admin):
        assert read(client_of(user, containers=["web-1"]), container) == 200
        assert read(client_of(user, containers=["web-2"]), container) == 404


def test_the_volume_itself_is_not_shared_with_its_files(container: Container, bob: User) -> None:
    Grant.objects.create(container=container, user=bob, permissions=["files.read", "files.write"])

    assert client_of(bob).get(f"/volumes/{container.volume_id}").status_code == 404
    assert client_of(bob).delete(f"/volumes/{container.volume_id}").status_code == 404


def test_a_refused_upload_makes_no_folder(container: Container, bob: User, storage_root: Path) -> None:
    client_of(bob).post(f"/volumes/{container.volume_id}/upload?path=a/b", b"x", content_type="text/plain")

    assert [path.name for path in storage.directory(container.volume).iterdir()] == ["file"]
