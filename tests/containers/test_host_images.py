"""The images on the host: what the rows say, and what can be asked of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.models import AuditEntry, User
from containers import host_images, reconcile
from containers.engine import client as engine
from containers.engine.answers import OnHost
from containers.jobs import queue
from containers.models import Container, Image, ImageJob
from rules.errors import Conflict, Forbidden, Invalid, NotFound
from tests.people import actor, container_of
from work import lease

Kind = ImageJob.Kind
Status = ImageJob.Status
DEBIAN = f"sha256:{'d' * 64}"


def on_host(docker_id: str = DEBIAN, *names: str, size: int = 100_000_000, digests: tuple[str, ...] = ()) -> OnHost:
    return OnHost(docker_id, list(names), list(digests), size, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def debian(db: None) -> Image:
    host_images.keep([on_host(DEBIAN, "debian:latest", "debian:bookworm")])
    return Image.objects.get()


@pytest.fixture(autouse=True)
def _engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it answers is asked of a real one in `tests/e2e/test_image_jobs.py`."""
    monkeypatch.setattr(engine, "ping", lambda: None)


# --- The rows --------------------------------------------------------------------


def test_the_rows_become_what_the_list_says(debian: Image) -> None:
    host_images.keep([on_host(DEBIAN, "debian:bookworm"), on_host("sha256:e", "node:22", size=5)])
    assert {image.docker_id: image.names for image in Image.objects.all()} == {
        DEBIAN: ["debian:bookworm"],
        "sha256:e": ["node:22"],
    }

    host_images.keep([])
    assert not Image.objects.exists()


def test_a_page_learns_that_something_changed_and_nothing_else(debian: Image) -> None:
    before = host_images.version()
    host_images.keep([on_host(DEBIAN, "debian:latest", "debian:bookworm")])
    assert host_images.version() == before

    host_images.keep([on_host(DEBIAN, "debian:latest")])
    renamed = host_images.version()
    host_images.keep([])

    assert len({before, renamed, host_images.version()}) == 3


def test_who_uses_an_image_is_known_by_each_of_its_names(admin: User, debian: Image) -> None:
    digest = f"debian@sha256:{'0' * 64}"
    host_images.keep([on_host(DEBIAN, "debian:latest", "debian:bookworm", digests=(digest,)), on_host("sha256:e")])
    for name, image in (("a", "debian"), ("b", "docker.io/library/debian:bookworm"), ("c", digest), ("d", "debian:12")):
        Container.objects.filter(pk=container_of(admin, name).pk).update(image=image)

    held = {each.image.docker_id: each.users for each in host_images.shelf(actor(admin)).images}

    assert held == {DEBIAN: ["a", "b", "c"], "sha256:e": []}


def test_file_systems_of_containers_are_summed_up_and_not_shown(admin: User, debian: Image) -> None:
    host_images.keep([on_host(DEBIAN, "debian:latest", size=7), on_host("sha256:f", "lightd/1234:5678", size=3)])

    shelf = host_images.shelf(actor(admin))

    assert [str(held.image) for held in shelf.images] == ["debian:latest"]
    assert (shelf.size, shelf.ours, shelf.ours_size) == (7, 1, 3)


def test_suggestions_are_what_one_may_use(alice: User, settings: Settings) -> None:
    host_images.keep(
        [
            on_host(DEBIAN, "debian:latest", "ghcr.io/acme/game:1"),
            on_host("sha256:f", "lightd/1:2"),
            on_host("sha256:e"),
        ]
    )
    assert host_images.suggestions(actor(alice)) == ["debian:latest", "ghcr.io/acme/game:1"]

    settings.IMAGES_ALLOW = ["docker.io/library"]
    assert host_images.suggestions(actor(alice)) == ["debian:latest"]


# --- Asking for a pull -----------------------------------------------------------


def test_a_pull_is_a_job_under_docker_s_own_name(admin: User) -> None:
    job = host_images.pull(actor(admin), "docker.io/library/debian")

    assert (job.kind, job.image, job.status, job.actor) == (Kind.PULL, "debian:latest", Status.QUEUED, "admin")
    assert AuditEntry.objects.get().action == "image.pull"


def test_one_pull_of_an_image_at_a_time(admin: User) -> None:
    first = host_images.pull(actor(admin), "debian")

    with pytest.raises(Conflict, match="debian:latest is already being pulled or removed"):
        host_images.pull(actor(admin), "debian:latest")
    lease.finish(running(first), Status.DONE)

    assert host_images.pull(actor(admin), "debian:latest").pk != first.pk


@pytest.mark.parametrize(
    ("image", "error"), [("Debian", Invalid), ("", Invalid), ("lightd/1:2", Forbidden), ("evil.example/x", Forbidden)]
)
def test_every_rule_for_images_holds(admin: User, settings: Settings, image: str, error: type[Exception]) -> None:
    settings.IMAGES_ALLOW = ["docker.io"]

    with pytest.raises(error):
        host_images.pull(actor(admin), image)

    assert not ImageJob.objects.exists()
    assert AuditEntry.objects.get().outcome == AuditEntry.Outcome.REFUSED


def test_all_of_it_is_for_administrators(alice: User, debian: Image) -> None:
    someone = actor(alice)
    job = queue.add_image_job(Kind.PULL, "a", "a", someone)

    for ask in (
        lambda: host_images.shelf(someone),
        lambda: host_images.jobs(someone),
        lambda: host_images.pull(someone, "debian"),
        lambda: host_images.remove(someone, DEBIAN),
        lambda: host_images.cancel(someone, job.pk),
    ):
        with pytest.raises(Forbidden, match="admin"):
            ask()


# --- Asking for a removal ---------------------------------------------------------


def test_a_removal_is_a_job(admin: User, debian: Image) -> None:
    job = host_images.remove(actor(admin), DEBIAN)

    assert (job.kind, job.image, job.shown) == (Kind.REMOVE, DEBIAN, "debian:latest, debian:bookworm")


def test_an_image_in_use_stays_and_names_its_containers(admin: User, debian: Image) -> None:
    for number in range(7):
        container_of(admin, f"web-{number}")  # of `debian`

    with pytest.raises(Conflict) as refused:
        host_images.remove(actor(admin), DEBIAN)

    assert refused.value.sentence == (
        "debian:latest, debian:bookworm is used by web-0, web-1, web-2, web-3, web-4 and 2 more"
    )


def test_the_file_system_of_a_container_is_never_removed(admin: User, db: None) -> None:
    host_images.keep([on_host("sha256:f", "lightd/1234:5678")])

    with pytest.raises(Forbidden, match="file system of a container"):
        host_images.remove(actor(admin), "sha256:f")


def test_an_image_that_is_not_there_is_not_found(admin: User) -> None:
    with pytest.raises(NotFound, match="Image not found"):
        host_images.remove(actor(admin), "sha256:0")


# --- The jobs ----------------------------------------------------------------------


def running(job: ImageJob) -> ImageJob:
    claimed = queue.claim_image_job(job.pk)
    assert claimed
    return claimed


def worker_dies(job: ImageJob) -> None:
    ImageJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_cancelled_job_is_noticed_at_the_next_step(admin: User) -> None:
    job = running(host_images.pull(actor(admin), "debian"))

    host_images.cancel(actor(admin), job.pk)

    with pytest.raises(queue.Superseded), queue.step(job):
        pass
    with pytest.raises(Conflict, match="over already"):
        host_images.cancel(actor(admin), job.pk)


def test_a_job_whose_worker_died_goes_to_another(admin: User) -> None:
    job = running(host_images.pull(actor(admin), "debian"))
    assert queue.claim_image_job(job.pk) is None
    worker_dies(job)

    assert queue.rescue() == []

    assert running(job).attempts == 2


def test_a_job_that_killed_three_workers_has_failed_and_says_why(admin: User) -> None:
    job = host_images.pull(actor(admin), "debian")
    for _ in range(lease.MAX_ATTEMPTS):
        reconcile.rescue_jobs()
        worker_dies(running(job))

    reconcile.rescue_jobs()

    job.refresh_from_db()
    assert (job.status, job.error) == (Status.FAILED, "Gave up after 3 attempts: each worker that tried was lost")


def test_jobs_that_ended_are_shown_for_a_while(admin: User) -> None:
    jobs = [host_images.pull(actor(admin), image) for image in ("a", "b", "c")]
    for job, age in zip(jobs, (timedelta(0), timedelta(hours=2), None), strict=True):
        if age is not None:
            ImageJob.objects.filter(pk=job.pk).update(status=Status.DONE, finished_at=timezone.now() - age)

    assert {job.image for job in host_images.jobs(actor(admin))} == {"a:latest", "c:latest"}


def test_pulls_never_delay_a_power_action(admin: User, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = host_images.pull(actor(admin), "debian")

    row = OrmQ.objects.get()
    assert (row.key, row.task["func"], row.task["args"]) == (
        "installs",
        "containers.jobs.run.run_image_job",
        (str(job.pk),),
    )
