from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.asserts import assertNumQueries

from accounts.models import User
from containers import health
from containers.models import Container, Event, Heartbeat, ImageJob, Job
from containers.states import State
from containers.supervisor.counts import Counts
from tests.people import client_of, container_of
from volumes.models import Operation

URL = "/metrics"


def scraped(client: Any, **headers: str) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels in order."""
    answer = client.get(URL, **headers)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"].startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def beat_with_counts(counts: Counts) -> None:
    health.beat("supervisor", {"engine": "ok", "counts": counts.as_dict()})


def job_that_took(container: Container, seconds: float, ago: float = 5) -> Job:
    finished = timezone.now() - timedelta(seconds=ago)
    asked = finished - timedelta(seconds=seconds)
    return Job.objects.create(
        container=container, kind="start", status="done", created_at=asked, queued_at=asked, finished_at=finished
    )


# --- Who may read them --------------------------------------------------------


def test_an_administrator_s_token_reads_them(admin: User) -> None:
    assert scraped(client_of(admin, scopes=["admin"]))


def test_a_token_without_that_scope_does_not(admin: User) -> None:
    answer = client_of(admin, scopes=["view"]).get(URL)

    assert answer.status_code == 403
    assert answer.json() == {"error": "The permission admin is needed for this"}


def test_a_user_does_not(alice: User) -> None:
    assert client_of(alice).get(URL).status_code == 403


@pytest.mark.django_db
def test_nobody_does_without_a_token(client: Client) -> None:
    answer = client.get(URL, HTTP_ACCEPT="text/plain")

    assert answer.status_code == 401
    assert answer.json() == {"error": "Authentication required"}


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["10.2.3.4", "::ffff:10.2.3.4", "fd00::1"])
def test_an_allowed_address_needs_no_token(client: Client, settings: Any, address: str) -> None:
    settings.METRICS_ALLOW = [ip_network("10.0.0.0/8"), ip_network("fd00::/64")]

    assert scraped(client, REMOTE_ADDR=address)
    assert client.get(URL, REMOTE_ADDR="11.0.0.1").status_code == 401


@pytest.mark.django_db
def test_a_header_does_not_make_an_address_allowed(client: Client, settings: Any) -> None:
    settings.METRICS_ALLOW = [ip_network("10.0.0.0/8")]

    assert client.get(URL, REMOTE_ADDR="11.0.0.1", HTTP_X_FORWARDED_FOR="10.0.0.1").status_code == 401


def test_what_is_no_text_is_not_acceptable(admin: User) -> None:
    assert client_of(admin).get(URL, HTTP_ACCEPT="image/png").status_code == 406


# --- What they say ------------------------------------------------------------


def test_requests_are_counted_by_their_route(admin: User) -> None:
    client = client_of(admin)
    route = "/containers/<str:internal_id>"
    key = ("lightd_requests_total", "GET", route, "404")
    before = scraped(client).get(key, 0)

    client.get("/containers/nobody-1")
    client.get("/containers/nobody-2")

    after = scraped(client)
    assert after[key] == before + 2
    assert after["lightd_request_duration_seconds_count", "GET", route] >= 2
    assert not [name for name in after if "/containers/nobody-1" in name]


def test_unknown_addresses_and_methods_are_one_series(admin: User) -> None:
    client = client_of(admin)
    client.get("/no/such/thing")
    client.generic("BREW", "/no/such/thing")

    names = scraped(client)

    assert ("lightd_requests_total", "GET", "unknown", "404") in names
    assert ("lightd_requests_total", "other", "unknown", "404") in names


def test_states_jobs_and_queues_come_from_the_database(admin: User) -> None:
    container = container_of(admin)
    Container.objects.filter(pk=container.pk).update(state=State.RUNNING)
    minute_ago = timezone.now() - timedelta(seconds=60)
    Job.objects.create(container=container, kind="install", created_at=minute_ago)
    Job.objects.create(container=container, kind="stop", status="running")
    ImageJob.objects.create(kind="pull", image="debian", shown="debian")
    two_minutes_ago = timezone.now() - timedelta(seconds=120)
    Operation.objects.create(volume=container.volume, kind="compress", created_at=two_minutes_ago)

    now = scraped(client_of(admin))

    assert now["lightd_containers", "running"] == 1
    assert now["lightd_containers", "failed"] == 0
    assert now["lightd_jobs", "install", "queued"] == 1
    assert now["lightd_jobs", "stop", "running"] == 1
    assert now["lightd_queue_depth", "installs"] == 3
    assert now["lightd_queue_depth", "power"] == 0
    assert now["lightd_queue_oldest_seconds", "installs"] == pytest.approx(120, abs=5)


def test_the_supervisor_s_lag_is_told(admin: User) -> None:
    old = timezone.now() - timedelta(seconds=30)
    Event.objects.create(container_uuid=container_of(admin).pk, internal_id="web-1", kind="exit", created_at=old)
    Heartbeat.objects.create(role="supervisor", beat_at=old, detail={"engine": "ok"})

    now = scraped(client_of(admin))

    assert now["lightd_heartbeat_age_seconds", "supervisor"] == pytest.approx(30, abs=5)
    assert now[("lightd_outbox_events",)] == 1
    assert now[("lightd_outbox_lag_seconds",)] == pytest.approx(30, abs=5)
    assert now[("lightd_engine_reachable",)] == 0, "who does not live reaches nothing"


@pytest.mark.parametrize(("engine", "reachable"), [("ok", 1), ("Docker engine unreachable", 0)])
def test_whether_the_engine_is_reached(admin: User, engine: str, reachable: int) -> None:
    health.beat("supervisor", {"engine": engine})

    assert scraped(client_of(admin))[("lightd_engine_reachable",)] == reachable


def test_what_the_supervisor_counts_comes_with_its_heartbeat(admin: User) -> None:
    counts = Counts()
    counts.console["console_bytes"] += 1000
    counts.sweeps.observe(0.02)
    counts.sweeps.observe(99)
    beat_with_counts(counts)

    now = scraped(client_of(admin))

    assert now[("lightd_console_bytes_total",)] == 1000
    assert now["lightd_sweep_duration_seconds_bucket", "0.01"] == 0
    assert now["lightd_sweep_duration_seconds_bucket", "0.025"] == 1
    assert now["lightd_sweep_duration_seconds_bucket", "+Inf"] == 2
    assert now[("lightd_sweep_duration_seconds_count",)] == 2
    assert now[("lightd_sweep_duration_seconds_sum",)] == pytest.approx(99.02)


def test_finished_jobs_are_counted_once_also_by_the_next_supervisor(admin: User) -> None:
    container = container_of(admin)
    first = Counts()
    beat_with_counts(first)
    Heartbeat.objects.update(detail={"counts": {"jobs_until": (timezone.now() - timedelta(seconds=60)).timestamp()}})
    job_that_took(container, 0.7, ago=30)
    job_that_took(container, 2, ago=20)

    second = Counts()
    second.console["console_bytes"] += 5
    for _ in range(2):
        beat_with_counts(second)
    third = Counts()
    beat_with_counts(third)

    now = scraped(client_of(admin))
    assert now["lightd_jobs_finished_total", "start", "done"] == 2
    assert now["lightd_job_duration_seconds_bucket", "start", "0.5"] == 0
    assert now["lightd_job_duration_seconds_bucket", "start", "1.0"] == 1
    assert now["lightd_job_duration_seconds_count", "start"] == 2
    assert now[("lightd_console_bytes_total",)] == 5


def test_a_scrape_asks_the_same_however_much_there_is(admin: User) -> None:
    client = client_of(admin)
    for number in range(20):
        job_that_took(container_of(admin, f"web-{number}"), 1)
    client.get(URL)

    with assertNumQueries(8):  # one of them finds the token
        client.get(URL)
