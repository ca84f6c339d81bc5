"""SIGKILL at the end of a process's time, which begins when it is asked to end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from containers import reconcile
from containers.jobs import queue
from containers.models import Container, Job, JobArgs
from containers.states import State
from tests.people import container_of
from work.models import Work

Kind = Job.Kind
Status = Work.Status


@pytest.fixture
def overdue(alice: User) -> Container:
    """Stopping, its time being up."""
    container = container_of(alice)
    Container.objects.update(
        state=State.STOPPING, docker_id="a" * 64, deadline_at=timezone.now() - timedelta(seconds=1)
    )
    container.refresh_from_db()
    return container


def kills(container: Container) -> int:
    return Job.objects.filter(container=container, kind=Kind.KILL).count()


def test_who_has_had_its_time_is_killed_once(overdue: Container) -> None:
    reconcile.keep_deadlines()
    reconcile.keep_deadlines()

    assert kills(overdue) == 1


@pytest.mark.parametrize(
    ("kind", "args", "status", "killed"),
    [
        (Kind.STOP, {}, Status.QUEUED, False),
        (Kind.STOP, {}, Status.RUNNING, False),
        (Kind.STOP, {}, Status.DONE, True),
        (Kind.REBIND, {"to_be_asked": True}, Status.QUEUED, False),
        (Kind.REBIND, {"to_be_asked": False}, Status.QUEUED, True),
    ],
)
def test_who_is_still_to_be_asked_is_not(
    overdue: Container, kind: Kind, args: JobArgs, status: Status, killed: bool
) -> None:
    """The worker of a job was lost before it had asked, and the next one has not come yet."""
    job = queue.add(overdue, kind, None, args)
    Job.objects.filter(pk=job.pk).update(status=status)

    reconcile.keep_deadlines()

    assert kills(overdue) == killed
