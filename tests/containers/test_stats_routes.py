"""GET /containers/{id}/stats and GET /host/stats."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from containers import current
from containers.models import Container, Sample
from containers.states import State
from tests.people import client_of

USAGE = {
    "cpu_usage": 12.5,
    "memory_usage": 1000,
    "memory_limit": 2000,
    "network_rx": 1,
    "network_tx": 2,
    "block_read": 3,
    "block_write": 4,
    "disk_usage": 5,
    "uptime": 6,
    "pids": 7,
}


# Of a sample, as they are answered.
FIGURES = {"cpu_average": 10.12, "cpu_highest": 20, "memory_average": 100, "memory_highest": 200, "disk": 0}


def sample(container: Container | None, minutes_ago: int, span: int = 60) -> Sample:
    at = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=minutes_ago)
    return Sample.objects.create(
        container=container,
        span=span,
        at=at,
        cpu_average=10.123,
        cpu_highest=20,
        memory_average=100,
        memory_highest=200,
        network_rx=50,
        load=0.5,
    )


def test_samples_and_what_is_used_now(alice: User, container: Container) -> None:
    Container.objects.update(state=State.RUNNING)
    row = sample(container, 5)
    current.remember({container.id: USAGE})

    answer = client_of(alice).get("/containers/web-1/stats")

    assert answer.status_code == 200
    assert answer.json() == {
        "window": "1h",
        "step": 60,
        "samples": [
            {
                **FIGURES,
                "at": int(row.at.timestamp()),
                "network_rx": 50,
                "network_tx": 0,
                "block_read": 0,
                "block_write": 0,
            }
        ],
        "current": USAGE,
    }


def test_a_stopped_container_uses_nothing_now(alice: User, container: Container) -> None:
    Container.objects.update(state=State.READY)
    current.remember({container.id: USAGE})

    assert client_of(alice).get("/containers/web-1/stats").json()["current"] is None


@pytest.mark.parametrize(("window", "step"), [("1h", 60), ("24h", 300), ("7d", 900), ("30d", 3600)])
def test_each_window_has_its_step(alice: User, container: Container, window: str, step: int) -> None:
    answer = client_of(alice).get("/containers/web-1/stats", {"window": window}).json()

    assert (answer["window"], answer["step"], answer["samples"]) == (window, step, [])


def test_other_windows_are_refused(alice: User, container: Container) -> None:
    answer = client_of(alice).get("/containers/web-1/stats", {"window": "2h"})

    assert answer.status_code == 400
    assert "window" in answer.json()["details"]


def test_as_many_queries_for_many_samples_as_for_one(
    alice: User, container: Container, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    client = client_of(alice)
    sample(container, 1)
    client.get("/containers/web-1/stats")  # the token's first use is noted
    with django_assert_max_num_queries(6) as queries:
        client.get("/containers/web-1/stats")
    for minute in range(2, 40):
        sample(container, minute)

    with django_assert_num_queries(len(queries)):
        assert len(client.get("/containers/web-1/stats").json()["samples"]) == 39


def test_others_do_not_see_them(bob: User, alice: User, container: Container) -> None:
    assert client_of(bob).get("/containers/web-1/stats").status_code == 404
    assert client_of(alice, scopes=["create"]).get("/containers/web-1/stats").status_code == 404
    assert client_of(alice, scopes=["view"]).get("/containers/web-1/stats").status_code == 200


def test_the_host_is_for_administrators(admin: User, alice: User) -> None:
    row = sample(None, 5)
    host = {"cpu_usage": 1.0, "memory_usage": 1, "memory_limit": 2, "disk_usage": 3, "disk_limit": 4, "load": 0.5}
    current.remember({current.HOST: host})

    answer = client_of(admin).get("/host/stats")

    assert answer.status_code == 200
    assert answer.json()["current"] == host
    assert answer.json()["samples"] == [
        {**FIGURES, "at": int(row.at.timestamp()), "load": 0.5},
    ]
    assert client_of(alice).get("/host/stats").status_code == 403
