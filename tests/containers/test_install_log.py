"""The log of an installation is of the last one: nothing of an older one is in it, whatever comes of the new one."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from uuid import UUID

import docker
import pytest

from accounts.models import User
from containers.engine import client, config
from containers.engine.watch import AsyncEngine
from containers.instance import instance_id
from containers.jobs import install, queue
from containers.jobs.queue import Superseded
from containers.models import Container, Job
from containers.outcomes import Watch
from containers.sockets.history import whole
from containers.spool import INSTALL_LOG, Spool
from containers.states import State
from containers.supervisor.console import INSTALL_LOG_LIMIT, Console
from tests.engine import IMAGE
from tests.people import client_of, container_of

URL = "/containers/web-1/install-log"


def log_of(container: Container) -> Path:
    return container.directory / INSTALL_LOG


@pytest.fixture
def job(alice: User, engine_here: None) -> Job:
    """A reinstall's, which a worker has begun to do."""
    container = container_of(alice)
    container.directory.mkdir(parents=True)
    log_of(container).write_text("what the older one printed")
    queue.add(container, Job.Kind.INSTALL, None)
    job = queue.claim(Job.objects.get().pk)
    assert job is not None
    return job


@pytest.fixture
def made(job: Job, docker_client: docker.APIClient) -> Iterator[None]:
    """The container that an earlier attempt of the job has made."""
    labels = config.labels(job.container, instance_id(), job.id)
    docker_id = docker_client.create_container(IMAGE, ["true"], labels=labels)["Id"]
    yield
    docker_client.remove_container(docker_id, force=True)


@pytest.mark.engine
def test_that_of_the_older_one_goes_with_its_container(alice: User, job: Job) -> None:
    install.clear_away_old(job)

    assert client_of(alice).get(URL).json() == {"logs": "", "exit_code": None}


@pytest.mark.engine
def test_an_attempt_that_goes_on_keeps_what_its_script_has_printed(job: Job, made: None) -> None:
    install.clear_away_old(job)

    assert log_of(job.container).exists()


@pytest.mark.engine
def test_who_is_not_wanted_any_more_leaves_it_to_the_next(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = client.ours

    def when_another_was_asked_for(instance: str, container_id: object) -> list[str]:
        queue.add(job.container, Job.Kind.INSTALL, None)
        return ours(instance, container_id)

    monkeypatch.setattr(client, "ours", when_another_was_asked_for)

    with pytest.raises(Superseded):
        install.clear_away_old(job)

    assert log_of(job.container).exists()


class Installing:
    """A supervisor that knows one thing: the container is being installed."""

    async def output(self, container_id: UUID, data: str, start: int, end: int) -> None: ...

    def left_out(self, size: int) -> None: ...

    async def watch(self, container_id: UUID) -> Watch | None:
        return Watch(State.INSTALLING, "")

    async def matched(self, container_id: UUID, docker_id: str) -> None: ...


async def test_last_words_of_the_older_script_do_not_bring_it_back(tmp_path: Path) -> None:
    nobody_asked = cast(AsyncEngine, None)
    console = Console(nobody_asked, "docker-id", uuid.uuid4(), tmp_path, Spool(tmp_path), Installing())
    log = tmp_path / INSTALL_LOG
    log.write_text("the one before\n")
    await console._take(b"first\n")
    await console._take(b"second\n")
    assert log.read_text() == "first\nsecond\n"

    log.unlink()  # by the worker who ends it
    await console._take(b"Terminated\n")

    assert not log.exists()


async def test_of_very_much_the_end_is_kept(tmp_path: Path) -> None:
    nobody_asked = cast(AsyncEngine, None)
    console = Console(nobody_asked, "docker-id", uuid.uuid4(), tmp_path, Spool(tmp_path), Installing())
    log = tmp_path / INSTALL_LOG
    log.touch()
    mebibyte = b"unpacking ...\n" * ((1 << 20) // 14)

    for _ in range(9):
        await console._take_missed(mebibyte)
    await console._take_missed(b"E: No space left on device\n")

    assert 2 << 20 <= log.stat().st_size <= INSTALL_LOG_LIMIT
    assert whole(log).endswith("unpacking ...\nE: No space left on device\n")
