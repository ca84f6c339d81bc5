"""A container that is made anew has the settings that it had when its making began."""

from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from accounts.models import User
from containers.engine import client as engine
from containers.instance import instance_id
from containers.jobs import install, make, queue, recreate
from containers.models import Container, Job
from containers.states import State
from tests.engine import IMAGE
from tests.people import container_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("engine_here")]


@pytest.fixture
def job(alice: User) -> Iterator[Job]:
    """Of a worker that is making it anew, since its memory was changed."""
    container = container_of(alice)
    Container.objects.update(memory=256 << 20, stale=True, docker_id="a" * 64)
    container.refresh_from_db()
    job = queue.claim(queue.add(container, Job.Kind.START, None).pk)
    assert job is not None
    yield job
    for docker_id in engine.ours(instance_id(), container.pk):
        engine.remove(docker_id)


def test_docker_is_not_asked_while_others_wait_for_the_database(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_in: list[int] = []
    exists = engine.image_exists

    def watched(image: str) -> bool:
        asked_in.append(len(connection.savepoint_ids))
        return exists(image)

    monkeypatch.setattr(engine, "image_exists", watched)
    monkeypatch.setattr(recreate, "make_new", lambda *_: "b" * 64)
    outside = len(connection.savepoint_ids)

    recreate.refresh(job)

    assert asked_in == [outside]
    assert Container.objects.get().docker_id == "b" * 64


def made(job: Job) -> str:
    return make.make(job, IMAGE, [])


def test_then_it_is_up_to_date(job: Job) -> None:
    new = made(job)

    recreate.adopt(job, new)

    container = Container.objects.get()
    assert (container.docker_id, container.stale) == (new, False)


def test_so_is_one_that_is_installed(job: Job) -> None:
    Container.objects.update(docker_id="", state=State.INSTALLING)
    job.container.image = IMAGE

    new = install.create(job)

    container = Container.objects.get()
    assert (container.docker_id, container.stale) == (new, False)


CHANGES = [{"memory": None}, {"mount": {"/data": "/srv"}}, {"cpu": 2.0}]


@pytest.mark.parametrize("changed", CHANGES)
def test_what_is_changed_meanwhile_is_left_to_the_next_start(job: Job, changed: dict[str, object]) -> None:
    new = made(job)
    Container.objects.update(**changed, stale=True)

    recreate.adopt(job, new)

    container = Container.objects.get()
    assert (container.docker_id, container.stale) == (new, True)


@pytest.mark.parametrize("adopt", [recreate.adopt, lambda job, _: install.create(job)])
def test_so_is_what_is_changed_before_another_worker_goes_on(job: Job, adopt: Callable[[Job, str], object]) -> None:
    new = made(job)
    Container.objects.update(memory=128 << 20, docker_id="", stale=True)
    queue.put_back(job)
    again = queue.claim(job.pk)
    assert again is not None

    adopt(again, made(again))

    container = Container.objects.get()
    assert (container.docker_id, container.stale) == (new, True)
