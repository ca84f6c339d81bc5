"""What deleted containers leave is removed, and nothing that anybody has."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import docker
import pytest
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from accounts.models import User
from containers.jobs import cleanup
from containers.models import Container, containers_root, directory_of
from tests.engine import IMAGE
from tests.people import container_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("engine_here")]


def with_directory(container: Container) -> Path:
    """Its directory, with something in it."""
    directory = directory_of(container.pk)
    (directory / "console").mkdir(parents=True)
    (directory / "console/0.log").write_text("Hello\n")
    return directory


@pytest.fixture
def deleted(alice: User) -> Path:
    """The directory of a container without a row."""
    container = container_of(alice, "deleted")
    directory = with_directory(container)
    container.delete()
    return directory


@pytest.fixture
def kept(alice: User) -> Path:
    """The directory of a container that there is."""
    return with_directory(container_of(alice, "kept"))


@pytest.fixture
def images(deleted: Path, kept: Path, docker_client: docker.APIClient) -> Iterator[list[str]]:
    """The file system of each of the two, as it was kept."""
    names = [f"lightd/{directory.name}:{uuid4().hex}" for directory in (deleted, kept)]
    for name in names:
        repository, tag = name.split(":")
        docker_client.tag(IMAGE, repository, tag)
    yield names
    for name in names:
        if docker_client.images(name):
            docker_client.remove_image(name)


def test_directory_and_images_of_one_without_a_row_are_removed(
    deleted: Path, kept: Path, images: list[str], docker_client: docker.APIClient
) -> None:
    (containers_root() / "lost+found").mkdir()

    cleanup.remove_leftovers()

    assert {path.name for path in containers_root().iterdir()} == {kept.name, "lost+found"}
    assert (kept / "console/0.log").read_text() == "Hello\n"
    assert [bool(docker_client.images(name)) for name in images] == [False, True]
    assert docker_client.images(IMAGE)


def test_what_cannot_be_removed_keeps_no_other_from_it(deleted: Path, caplog: pytest.LogCaptureFixture) -> None:
    in_the_way = containers_root() / str(uuid4())
    in_the_way.touch()

    cleanup.remove_leftovers()

    assert list(containers_root().iterdir()) == [in_the_way]
    assert f"{in_the_way} stays" in caplog.text


def test_who_is_made_while_it_looks_keeps_everything(
    deleted: Path, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    iterdir = Path.iterdir

    def make_then_look(path: Path) -> Iterator[Path]:
        made.append(with_directory(container_of(alice, "new")))
        return iterdir(path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "iterdir", make_then_look)
        cleanup.remove_leftovers()

    assert list(containers_root().iterdir()) == made


def test_before_the_first_container_there_is_nothing_to_do() -> None:
    cleanup.remove_leftovers()

    assert not containers_root().exists()


def test_a_worker_is_asked_to() -> None:
    cleanup.ask_to_sweep()

    assert import_string(OrmQ.objects.get().task["func"]) is cleanup.remove_leftovers
