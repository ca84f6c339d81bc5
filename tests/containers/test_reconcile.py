"""A sweep reads all rows at once, and judges each by what it is when its turn comes."""

import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from uuid import UUID

import docker
import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from containers import crashes, lifecycle, outcomes, reconcile, states
from containers.crashes import Ending
from containers.engine import client
from containers.engine.answers import Inspected, Seen
from containers.jobs import install, queue
from containers.jobs.queue import Superseded
from containers.models import Container, Event, Job, RestartPolicy
from containers.states import State
from tests.engine import IMAGE
from tests.people import container_of

OLD = "a" * 64
LONG_AGO = timezone.now() - timedelta(minutes=1)


def put(container: Container, **columns: object) -> None:
    """The row as it has been for a while."""
    Container.objects.filter(pk=container.pk).update(updated_at=LONG_AGO, **columns)
    container.refresh_from_db()


def runs(container: Container) -> dict[str, Seen]:
    return {OLD: Seen(OLD, container.pk, running=True, created=False)}


def jobs(container: Container) -> list[str]:
    return list(Job.objects.filter(container=container).values_list("kind", flat=True))


def inspected(started_at: datetime, finished_at: datetime, exit_code: int) -> Inspected:
    """Docker's record of a process that has ended."""
    return Inspected(
        docker_id=OLD,
        pid=0,
        image="sha256:" + "0" * 64,
        running=False,
        started=True,
        exit_code=exit_code,
        oom_killed=False,
        started_at=started_at,
        finished_at=finished_at,
        volumes={},
        host_paths=[],
    )


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Between the reading of all rows and this row's turn."""
    seems_to_agree = reconcile.seems_to_agree

    def later(container: Container, entry: Seen | None) -> bool:
        agrees = seems_to_agree(container, entry)
        happens()
        return agrees

    monkeypatch.setattr(reconcile, "seems_to_agree", later)


@pytest.mark.django_db
def test_a_stop_that_nobody_is_to_do_any_more_becomes_a_kill(container: Container) -> None:
    put(container, state=State.STOPPING, docker_id=OLD)

    reconcile.reconcile(runs(container))

    assert jobs(container) == ["kill"]


@pytest.mark.django_db
def test_who_was_asked_to_stop_meanwhile_is_not_killed(container: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    put(container, state=State.STOPPING, docker_id=OLD)
    deadline = timezone.now() + timedelta(seconds=30)
    meanwhile(monkeypatch, lambda: Container.objects.update(deadline_at=deadline))

    reconcile.reconcile(runs(container))

    assert jobs(container) == []


@pytest.mark.django_db
def test_nor_who_was_asked_when_its_worker_was_looked_for(
    container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(container, state=State.STOPPING, docker_id=OLD)
    unfinished = queue.unfinished

    def then_asked(container_id: UUID, kinds: tuple[Job.Kind, ...] = Job.EXCLUSIVE) -> bool:
        found = unfinished(container_id, kinds)
        if kinds == Job.SIGNALS:
            Container.objects.update(deadline_at=timezone.now() + timedelta(seconds=30))
        return found

    monkeypatch.setattr(queue, "unfinished", then_asked)

    reconcile.reconcile(runs(container))

    assert jobs(container) == []


@pytest.mark.django_db
def test_an_installation_whose_job_was_lost_is_asked_for_again(container: Container) -> None:
    put(container, state=State.INSTALLING)

    reconcile.reconcile({})

    assert jobs(container) == ["install"]


@pytest.mark.django_db
def test_what_was_installed_meanwhile_is_not_installed_again(
    container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(container, state=State.INSTALLING)
    meanwhile(monkeypatch, lambda: Container.objects.update(state=State.READY, docker_id=OLD, installed=True))

    reconcile.reconcile({})

    assert jobs(container) == []


@pytest.mark.django_db
def test_an_installation_that_nobody_waits_for_removes_nothing(container: Container) -> None:
    put(container, state=State.READY, docker_id=OLD, installed=True)
    job = queue.add(container, Job.Kind.INSTALL, None)
    Job.objects.update(status=Job.Status.RUNNING)
    job.refresh_from_db()

    with pytest.raises(Superseded):
        install.clear_away_old(job)

    container.refresh_from_db()
    assert container.docker_id == OLD


# --- What happens while the engine is asked --------------------------------------


def while_asked(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Between the engine's answer and what follows of it."""
    inspect = client.inspect

    def slowly(docker_id: str) -> Inspected:
        try:
            return inspect(docker_id)
        finally:
            happens()

    monkeypatch.setattr(client, "inspect", slowly)


@pytest.fixture
def in_docker(docker_client: docker.APIClient) -> Iterator[Callable[[str], str]]:
    """Starts a container in Docker, for a row to point to."""
    made: list[str] = []

    def start(command: str) -> str:
        made.append(docker_client.create_container(IMAGE, command)["Id"])
        docker_client.start(made[-1])
        return made[-1]

    yield start
    for docker_id in made:
        docker_client.remove_container(docker_id, force=True)


@pytest.mark.django_db
def test_who_was_made_anew_meanwhile_is_not_gone(
    engine_here: None, container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(container, state=State.READY, docker_id=OLD, installed=True)
    while_asked(monkeypatch, lambda: Container.objects.update(docker_id="b" * 64))

    reconcile.reconcile({})

    container.refresh_from_db()
    assert (container.state, container.docker_id) == (State.READY, "b" * 64)


@pytest.mark.django_db
def test_who_ran_and_ended_meanwhile_does_not_run(
    engine_here: None,
    container: Container,
    in_docker: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    docker_id = in_docker("sleep 300")
    put(container, state=State.READY, docker_id=docker_id, installed=True)

    def its_events() -> None:
        outcomes.started(container.pk, docker_id, datetime.now(UTC))
        outcomes.exited(container.pk, docker_id, Ending(0, datetime.now(UTC)))

    while_asked(monkeypatch, its_events)

    reconcile.reconcile({docker_id: Seen(docker_id, container.pk, running=True, created=False)})

    container.refresh_from_db()
    assert container.state == State.READY


# --- A clock that was set back ------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.RUNNING, State.STARTING], ids=str)
def test_an_end_that_looks_older_than_its_start_is_an_end(
    engine_here: None,
    container: Container,
    in_docker: Callable[[str], str],
    docker_client: docker.APIClient,
    state: State,
) -> None:
    docker_id = in_docker("sh -c 'exit 3'")
    docker_client.wait(docker_id)
    put(container, state=state, docker_id=docker_id, installed=True, should_run=True, started_at=timezone.now())
    before = timezone.now() + timedelta(hours=1)  # by the clock as it was
    queue.add(container, Job.Kind.START, None)
    Job.objects.update(status=Job.Status.DONE, created_at=before)
    Container.objects.update(updated_at=before)

    reconcile.reconcile({docker_id: Seen(docker_id, container.pk, running=False, created=False)})

    container.refresh_from_db()
    assert (container.state, container.exit_code, jobs(container)) == (State.READY, 3, ["start"])
    assert Event.objects.filter(container=container, kind=Event.Kind.CRASHED).exists()


# --- The pause before an automatic restart --------------------------------------


@pytest.fixture
def in_pause(container: Container) -> Container:
    put(
        container,
        state=State.STARTING,
        docker_id=OLD,
        installed=True,
        should_run=True,
        restart_at=timezone.now() - timedelta(seconds=1),
    )
    return container


@pytest.mark.django_db
def test_started_by_somebody_else_in_the_pause_its_end_is_seen(in_pause: Container) -> None:
    outcomes.started(in_pause.pk, OLD, datetime.now(UTC))
    in_pause.refresh_from_db()
    assert (in_pause.state, in_pause.restart_at) == (State.RUNNING, None)

    outcomes.exited(in_pause.pk, OLD, Ending(0, datetime.now(UTC)))

    in_pause.refresh_from_db()
    assert in_pause.state == State.READY


@pytest.mark.django_db
def test_a_move_to_other_ports_in_the_pause_is_not_cancelled_by_its_end(in_pause: Container) -> None:
    rebind = queue.add(in_pause, Job.Kind.REBIND, None, {"ports": []})

    outcomes.begin_due_restarts()

    rebind.refresh_from_db()
    assert (rebind.status, jobs(in_pause)) == (Job.Status.QUEUED, ["rebind"])


@pytest.mark.django_db(transaction=True)
def test_nor_is_one_that_is_asked_for_just_then(in_pause: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    rebind = asked_for_when_jobs_are_looked_for(monkeypatch, in_pause)

    outcomes.begin_due_restarts()

    assert rebind().status == Job.Status.QUEUED


@pytest.mark.django_db(transaction=True)
def test_nor_by_a_start_that_a_sweep_asks_for(
    engine_here: None, container: Container, docker_client: docker.APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_id = docker_client.create_container(IMAGE, "true")["Id"]
    put(container, state=State.STARTING, docker_id=docker_id, installed=True, should_run=True)
    rebind = asked_for_when_jobs_are_looked_for(monkeypatch, container, times=2)

    reconcile.reconcile({docker_id: Seen(docker_id, container.pk, running=False, created=True)})

    docker_client.remove_container(docker_id)
    assert rebind().status == Job.Status.QUEUED


def asked_for_when_jobs_are_looked_for(
    monkeypatch: pytest.MonkeyPatch, container: Container, times: int = 1
) -> Callable[[], Job]:
    """A rebind, by somebody else, just when a sweep has found for the last of so many `times` that there is no job.

    Returns:
        What waits for it.
    """
    unfinished = queue.unfinished
    looked: list[bool] = []

    @transaction.atomic
    def ask() -> Job:
        lifecycle.refuse_now(container, states.Action.REBIND)
        return queue.add(container, Job.Kind.REBIND, None, {"ports": []})

    def ask_and_close() -> Job:
        try:
            return ask()
        finally:
            connection.close()

    somebody = ThreadPoolExecutor(1)
    asking: list[Future[Job]] = []

    def then_asked(container_id: UUID, kinds: tuple[Job.Kind, ...] = Job.EXCLUSIVE) -> bool:
        found = unfinished(container_id, kinds)
        looked.append(found)
        if len(looked) == times:
            asking.append(somebody.submit(ask_and_close))
            wait(asking, timeout=1)  # seconds; all of it where it has to wait for us
        return found

    monkeypatch.setattr(queue, "unfinished", then_asked)

    def asked() -> Job:
        job = asking[0].result(30)
        somebody.shutdown()
        job.refresh_from_db()
        return job

    return asked


# --- The old process of a container that is made anew -----------------------------


@pytest.mark.django_db
def test_the_end_of_the_old_process_is_not_the_install_script_s(container: Container) -> None:
    """It was being stopped, and may end before a worker has begun to install."""
    put(container, state=State.STOPPING, docker_id=OLD, installed=True, deadline_at=timezone.now())
    lifecycle.change(container, State.INSTALLING, states.Action.REINSTALL, **lifecycle.ANEW)
    queue.add(container, Job.Kind.INSTALL, None)

    outcomes.exited(container.pk, OLD, Ending(0, datetime.now(UTC) + timedelta(seconds=1)))
    reconcile.keep_deadlines()

    container.refresh_from_db()
    assert (container.state, container.installed, jobs(container)) == (State.INSTALLING, False, ["install"])
    assert not Event.objects.filter(container=container, kind=Event.Kind.INSTALLED).exists()


@pytest.mark.django_db
def test_no_install_script_is_read_of_those_that_agree(alice: User) -> None:
    containers = [container_of(alice, f"web-{number}") for number in range(20)]
    Container.objects.update(install_script="#" * (512 << 10), state=State.READY)

    tracemalloc.start()
    try:
        reconcile.reconcile({})
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < len(containers) * (256 << 10)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("policy", "comes_back"),
    [(RestartPolicy.NEVER, False), (RestartPolicy.ON_CRASH, True), (RestartPolicy.ALWAYS, True)],
)
def test_what_the_host_took_with_it_comes_back_by_its_policy(
    container: Container, monkeypatch: pytest.MonkeyPatch, policy: str, comes_back: bool
) -> None:
    """Docker's record of a process that the host's end took: it began before the host was booted."""
    put(container, state=State.RUNNING, docker_id=OLD, installed=True, should_run=True, restart_policy=policy)
    booted = LONG_AGO
    record = inspected(started_at=booted - timedelta(hours=1), finished_at=booted + timedelta(seconds=5), exit_code=255)
    monkeypatch.setattr(crashes, "booted_at", lambda: booted)
    monkeypatch.setattr(client, "inspect", lambda docker_id: record)

    reconcile.reconcile({OLD: Seen(OLD, container.pk, running=False, created=False)})

    container.refresh_from_db()
    assert container.error == "The process ended with the Docker engine or the host (exit code 255)"
    assert (container.restart_at is not None) == comes_back
    assert container.state == (State.STARTING if comes_back else State.READY)
    assert not Event.objects.filter(kind=Event.Kind.CRASHED).exists()
