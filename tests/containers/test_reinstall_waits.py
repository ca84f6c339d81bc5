"""A reinstall gives the old process the time of a stop, and holds no worker meanwhile."""

from collections.abc import Iterator
from time import monotonic
from uuid import uuid4

import docker
import pytest
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import User
from containers import outcomes
from containers.crashes import Ending
from containers.engine.config import labels
from containers.instance import instance_id
from containers.jobs import queue, run
from containers.models import Container, Job
from containers.states import State
from tests.engine import IMAGE
from tests.people import container_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("engine_here")]

AT_ONCE = 20  # seconds; of the hour that the process has


@pytest.fixture
def container(transactional_db: None, alice: User) -> Container:
    """Reinstalled just now."""
    container = container_of(alice)
    Container.objects.update(state=State.INSTALLING, image=IMAGE, stop_timeout=3600)
    container.refresh_from_db()
    return container


@pytest.fixture
def old(container: Container, docker_client: docker.APIClient) -> Iterator[str]:
    """Docker's id of what ran until then: as the first process of a container, it is not ended by SIGTERM."""
    made = docker_client.create_container(IMAGE, ["sleep", "3600"], labels=labels(container, instance_id(), uuid4()))
    docker_client.start(made["Id"])
    yield made["Id"]
    for each in docker_client.containers(all=True, filters={"label": f"lightd.container={container.pk}"}):
        docker_client.remove_container(each["Id"], force=True)


def work(job: Job) -> None:
    """A worker hears of the job."""
    began = monotonic()
    run.run(str(job.pk))
    assert monotonic() - began < AT_ONCE
    job.refresh_from_db()


def exists(client: docker.APIClient, docker_id: str) -> bool:
    return bool(client.containers(all=True, filters={"id": docker_id}))


def test_the_worker_is_free_until_its_time_is_up(
    container: Container, old: str, docker_client: docker.APIClient
) -> None:
    job = queue.add(container, Job.Kind.INSTALL, None)
    for _ in range(2):
        work(job)
        assert job.status == Job.Status.QUEUED
    assert docker_client.inspect_container(old)["State"]["Running"]
    assert 3500 < job.args["waits_until"] - timezone.now().timestamp() < 3600

    Job.objects.update(args={"waits_until": timezone.now().timestamp()})
    work(job)

    container.refresh_from_db()
    assert (job.status, container.state) == (Job.Status.DONE, State.READY)
    assert container.docker_id != old
    assert not exists(docker_client, old)


def test_the_end_of_the_process_brings_the_worker_back(
    container: Container, old: str, docker_client: docker.APIClient
) -> None:
    job = queue.add(container, Job.Kind.INSTALL, None)
    work(job)
    OrmQ.objects.all().delete()

    docker_client.kill(old)
    wait_until(lambda: not docker_client.inspect_container(old)["State"]["Running"], 10, "it has ended")
    outcomes.exited(container.pk, old, Ending(137, timezone.now()))

    assert [row.task["args"] for row in OrmQ.objects.all()] == [(str(job.pk),)]
    work(job)
    assert job.status == Job.Status.DONE
    assert not exists(docker_client, old)
