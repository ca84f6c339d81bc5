"""Jobs: claimed once, kept by a lease, rescued from the dead, and given up when there is no hope."""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from containers import reconcile
from containers.jobs import queue, run
from containers.jobs.queue import Superseded
from containers.models import Container, Event, Job
from containers.states import State
from rules.errors import Conflict
from tests.at_once import at_once
from tests.people import container_of
from tests.waiting import wait_until
from work import lease
from work.models import Work

Kind = Job.Kind
Status = Work.Status


def claimed(job: Job) -> Job:
    found = queue.claim(job.pk)
    assert found is not None
    return found


def nudges() -> list[UUID]:
    """The jobs that the workers were told of, oldest first."""
    return [UUID(task["args"][0]) for task in (row.task for row in OrmQ.objects.order_by("pk"))]


def worker_dies(job: Job) -> None:
    """Its lease is not renewed any more, and time passes."""
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


# --- Adding ---------------------------------------------------------------------


def test_workers_hear_of_a_job_once_it_is_committed(
    container: Container, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = queue.add(container, Kind.START, None)
        assert nudges() == []

    assert nudges() == [job.pk]


def test_installs_have_workers_of_their_own(
    container: Container, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        queue.add(container, Kind.INSTALL, None)
        queue.add(container, Kind.KILL, None)

    assert list(OrmQ.objects.order_by("pk").values_list("key", flat=True)) == ["installs", "power"]


@pytest.mark.parametrize(
    ("kind", "signalled"),
    [
        # A signal that comes late would hit the new process.
        (Kind.START, Status.CANCELLED),
        (Kind.INSTALL, Status.CANCELLED),
        # The old process is still to end.
        (Kind.REBIND, Status.QUEUED),
    ],
)
def test_a_new_owner_of_the_process_ends_the_jobs_of_the_old_one(
    container: Container, kind: Kind, signalled: Status
) -> None:
    old, signal = queue.add(container, Kind.START, None), queue.add(container, Kind.KILL, None)

    queue.add(container, kind, None)

    old.refresh_from_db()
    signal.refresh_from_db()
    assert (old.status, signal.status) == (Status.CANCELLED, signalled)


# --- Claiming -------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_who_claim_a_job_one_gets_it() -> None:
    job = queue.add(container_of(User.objects.create_user("alice")), Kind.START, None)

    results = at_once(lambda _: queue.claim(job.pk), 10)

    won = [result for result in results if isinstance(result, Job)]
    assert [one.pk for one in won] == [job.pk]
    assert won[0].attempts == 1
    assert results.count(None) == 9


@pytest.mark.parametrize("status", [Status.RUNNING, Status.DONE, Status.FAILED, Status.CANCELLED])
def test_a_job_that_is_not_waiting_cannot_be_claimed(container: Container, status: Status) -> None:
    job = queue.add(container, Kind.START, None)
    Job.objects.filter(pk=job.pk).update(status=status)

    assert queue.claim(job.pk) is None


def test_a_job_of_a_container_that_is_gone_is_no_error(container: Container) -> None:
    job = queue.add(container, Kind.START, None)
    container.delete()

    run.run(str(job.pk))


# --- Owning ---------------------------------------------------------------------


def given_up(job: Job) -> None:
    queue.cancel(job.container_id, (Kind(job.kind),))


def rescued_and_claimed_by_another(job: Job) -> None:
    worker_dies(job)
    queue.rescue()
    claimed(job)


def deleted_with_its_container(job: Job) -> None:
    Container.objects.filter(pk=job.container_id).delete()


@pytest.mark.parametrize("meanwhile", [given_up, rescued_and_claimed_by_another, deleted_with_its_container])
def test_a_worker_that_lost_its_job_notices_at_the_next_step(container: Container, meanwhile: Any) -> None:
    job = claimed(queue.add(container, Kind.START, None))
    with queue.step(job):
        pass

    meanwhile(job)

    with pytest.raises(Superseded), queue.step(job):
        pytest.fail("the step was begun")
    with pytest.raises(Superseded):
        queue.check(job)


def test_a_worker_that_lost_its_job_does_not_write_its_end(container: Container) -> None:
    job = claimed(queue.add(container, Kind.START, None))
    rescued_and_claimed_by_another(job)

    lease.finish(job, Status.FAILED, "too late")
    queue.put_back(job)

    job.refresh_from_db()
    assert (job.status, job.error, job.attempts) == (Status.RUNNING, "", 2)


def test_what_a_step_wrote_is_gone_if_it_fails(container: Container) -> None:
    job = claimed(queue.add(container, Kind.START, None))

    with pytest.raises(Conflict):
        write_half(job)

    container.refresh_from_db()
    assert container.error == ""


def write_half(job: Job) -> None:
    with queue.step(job):
        Container.objects.filter(pk=job.container_id).update(error="half")
        raise Conflict("no more")


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_lives_keeps_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEWAL", 0.01)
    job = claimed(queue.add(container_of(User.objects.create_user("alice")), Kind.START, None))
    worker_dies(job)

    def is_kept() -> bool:
        lease_until = Job.objects.get(pk=job.pk).lease_until
        return lease_until is not None and lease_until > timezone.now()

    with lease.kept(job):
        wait_until(is_kept, 5, "the lease is renewed", every=0.01)
        assert queue.rescue() == []

    assert Job.objects.get(pk=job.pk).status == Status.RUNNING


@pytest.mark.django_db(transaction=True)
def test_a_lease_ends_with_the_work() -> None:
    job = claimed(queue.add(container_of(User.objects.create_user("alice")), Kind.START, None))

    with lease.kept(job):
        assert keepers(job)

    assert not keepers(job)


def keepers(job: Job) -> list[str]:
    return [thread.name for thread in threading.enumerate() if str(job.pk) in thread.name]


# --- Rescuing -------------------------------------------------------------------


def test_a_dead_workers_job_goes_to_another(
    container: Container, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = claimed(queue.add(container, Kind.START, None))
    assert queue.rescue() == []
    assert nudges() == []

    worker_dies(job)
    with django_capture_on_commit_callbacks(execute=True):
        assert queue.rescue() == []

    assert nudges() == [job.pk]
    assert claimed(job).attempts == 2


def test_a_job_that_killed_three_workers_is_hopeless(container: Container) -> None:
    job = queue.add(container, Kind.START, None)
    for _ in range(lease.MAX_ATTEMPTS):
        assert queue.rescue() == []
        worker_dies(claimed(job))

    assert [one.pk for one in queue.rescue()] == [job.pk]


def test_a_hopeless_start_ends_as_failed_and_says_why(container: Container) -> None:
    job = queue.add(container, Kind.START, None)
    Container.objects.filter(pk=container.pk).update(state=State.STARTING, installed=True, should_run=True)
    Job.objects.filter(pk=job.pk).update(status=Status.RUNNING, attempts=lease.MAX_ATTEMPTS)
    worker_dies(job)

    reconcile.rescue_jobs()

    container.refresh_from_db()
    job.refresh_from_db()
    assert (container.state, job.status) == (State.FAILED, Status.FAILED)
    assert "3 attempts" in container.error
    assert Event.objects.filter(container=container, kind=Event.Kind.FAILED, message=container.error).exists()
    assert queue.rescue() == []


def test_waiting_for_the_engine_is_no_attempt(container: Container) -> None:
    job = queue.add(container, Kind.START, None)
    for _ in range(lease.MAX_ATTEMPTS + 1):
        queue.put_back(claimed(job))

    assert claimed(job).attempts == 1


def test_a_nudge_that_the_broker_lost_is_given_again(container: Container) -> None:
    job = queue.add(container, Kind.START, None)
    assert nudges() == []  # the commit never came, as if the process had died in between

    queue.rescue()
    assert nudges() == []
    Job.objects.filter(pk=job.pk).update(queued_at=timezone.now() - timedelta(seconds=3))
    queue.rescue()
    queue.rescue()

    assert nudges() == [job.pk]


def test_finished_jobs_are_forgotten_in_time(container: Container) -> None:
    old, young = queue.add(container, Kind.KILL, None), queue.add(container, Kind.KILL, None)
    waiting = queue.add(container, Kind.KILL, None)
    for job, days in ((old, 8), (young, 6)):
        Job.objects.filter(pk=job.pk).update(status=Status.DONE, finished_at=timezone.now() - timedelta(days=days))

    queue.prune(timedelta(days=7))

    assert set(Job.objects.values_list("pk", flat=True)) == {young.pk, waiting.pk}


def test_the_database_allows_one_owner_of_the_process(container: Container) -> None:
    queue.add(container, Kind.START, None)

    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(container=container, kind=Kind.REBIND)
