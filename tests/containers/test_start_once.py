"""A process is started once for each start, also where Docker's answer is lost."""

from typing import Any

import docker
import pytest

from accounts.models import User
from containers.engine import client
from containers.engine.errors import EngineUnavailable
from containers.jobs import files, queue, run
from containers.models import Container, Job
from containers.states import State
from tests.engine import IMAGE
from tests.people import container_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def container(alice: User, engine_here: None, docker_client: docker.APIClient) -> Any:
    """One whose process ends at once."""
    container = container_of(alice)
    docker_id = docker_client.create_container(IMAGE, "true")["Id"]
    Container.objects.update(docker_id=docker_id, state=State.STARTING, installed=True, should_run=True)
    container.refresh_from_db()
    files.prepare(container)
    yield container
    docker_client.remove_container(docker_id, force=True)


def attempted(job: Job) -> Job:
    claimed = queue.claim(job.pk)
    assert claimed is not None
    run.attempt(claimed)
    job.refresh_from_db()
    return job


def test_one_whose_answer_was_lost_is_not_started_again(
    container: Container, docker_client: docker.APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = client.start

    def answer_lost(docker_id: str) -> None:
        started(docker_id)
        docker_client.wait(docker_id)
        raise EngineUnavailable("Docker engine unreachable")

    job = queue.add(container, Job.Kind.START, None)
    monkeypatch.setattr(client, "start", answer_lost)
    assert attempted(job).status == Job.Status.QUEUED
    began = client.inspect(container.docker_id).started_at

    assert attempted(job).status == Job.Status.DONE

    assert client.inspect(container.docker_id).started_at == began


def test_one_that_never_reached_docker_is_started(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(docker_id: str) -> None:
        raise EngineUnavailable("Docker engine unreachable")

    job = queue.add(container, Job.Kind.START, None)
    with monkeypatch.context() as patch:
        patch.setattr(client, "start", away)
        assert attempted(job).status == Job.Status.QUEUED

    assert attempted(job).status == Job.Status.DONE

    assert client.inspect(container.docker_id).started
