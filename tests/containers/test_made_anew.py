"""A container that is made anew has the settings that it had when its making began."""

import pytest
from django.db import connection

from accounts.models import User
from containers.engine import client as engine
from containers.jobs import queue, recreate
from containers.models import Container, Job
from tests.people import container_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("engine_here")]


@pytest.fixture
def job(alice: User) -> Job:
    """Of a worker that is making it anew, since its memory was changed."""
    container = container_of(alice)
    Container.objects.update(memory=256 << 20, stale=True, docker_id="a" * 64)
    container.refresh_from_db()
    job = queue.claim(queue.add(container, Job.Kind.START, None).pk)
    assert job is not None
    return job


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


def test_then_it_is_up_to_date(job: Job) -> None:
    recreate.adopt(job, "b" * 64)

    container = Container.objects.get()
    assert (container.docker_id, container.stale) == ("b" * 64, False)


@pytest.mark.parametrize("changed", [{"memory": None}, {"mount": {"/data": "/srv"}}, {"cpu": 2.0}])
def test_what_is_changed_meanwhile_is_left_to_the_next_start(job: Job, changed: dict[str, object]) -> None:
    Container.objects.update(**changed, stale=True)

    recreate.adopt(job, "b" * 64)

    container = Container.objects.get()
    assert (container.docker_id, container.stale) == ("b" * 64, True)
