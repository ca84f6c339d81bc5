"""Lists of containers, in this process, without a network in between: 1,000 of them through the API, and the page of
10,000."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import tokens
from accounts.models import User
from benchmarks.figures import Row, median, milliseconds
from containers.models import Container
from containers.states import State
from ports.models import Port
from volumes.models import Volume

CONTAINERS = 1000
ON_THE_PAGE = 10_000
ROUNDS = 25
SHOWN = ("id", "internal_id", "docker_id", "installed", "state", "image")
IMAGES = ("debian:bookworm", "node:22", "ghcr.io/games/minecraft:java21")
STATES = (*7 * (State.READY,), State.RUNNING, State.RUNNING, State.FAILED)
PORT = ("container_id", "ip", "port", "container_port", "protocol")


def measure() -> list[Row]:
    """The whole request, from Django's handler to the bytes of the answer."""
    call_command("migrate", verbosity=0)
    administrator = User.objects.create_superuser("benchmark")
    fill(administrator, range(CONTAINERS))
    _, token = tokens.issue(administrator)
    client = Client(headers={"Authorization": f"Bearer {token}", "Accept": "application/json"})

    def ours() -> bytes:
        return client.get("/containers").content

    assert len(orjson.loads(ours())["containers"]) == CONTAINERS
    count = queries_of(ours)
    pairs = [(cpu(ours), cpu(raw)) for _ in range(ROUNDS)]
    return [
        Row(f"list of {CONTAINERS:,} containers, queries", count, "", 3),
        Row(
            f"list of {CONTAINERS:,} containers, CPU",
            median([mine for mine, _ in pairs]),
            "ms",
            30,
            median([bare for _, bare in pairs]),
            ".values() and orjson",
        ),
    ]


def raw() -> bytes:
    """The same columns with nothing around them."""
    return orjson.dumps([list(Container.objects.values(*SHOWN)), list(Port.objects.values(*PORT))])


def queries_of(work: Callable[[], Any]) -> int:
    """How many queries `work` makes."""
    with CaptureQueriesContext(connection) as queries:
        work()
        return len(queries)


def cpu(work: Callable[[], Any]) -> float:
    """CPU that this thread spends on `work`, in milliseconds."""
    begun = time.thread_time()
    work()
    return (time.thread_time() - begun) * 1000


def fill(owner: User, numbers: range) -> None:
    """Containers with these numbers, each with a volume and a port; of ten, seven stand still, two run, one failed."""
    volumes = Volume.objects.bulk_create(Volume(owner=owner) for _ in numbers)
    containers = Container.objects.bulk_create(
        Container(
            internal_id=f"server-{number:04d}",
            owner=owner,
            volume=volume,
            image=IMAGES[number % len(IMAGES)],
            startup_command="sleep infinity",
            install_script="#!/bin/sh\n" + "apt-get install --yes curl\n" * 40,
            state=STATES[number % len(STATES)],
            last_end=Container.LastEnd.values[number % 2],
            installed=True,
            docker_id=uuid.uuid4().hex * 2,
        )
        for number, volume in zip(numbers, volumes, strict=True)
    )
    Port.objects.bulk_create(
        Port(port=20000 + number, container=container, container_port=3000)
        for number, container in zip(numbers, containers, strict=True)
    )


# --- The page ---------------------------------------------------------------------

PAGE = "/dashboard/containers/"
PAGES = {
    "": PAGE,
    ", the last one": f"{PAGE}?page={ON_THE_PAGE // 50}",
    ", 200 rows": f"{PAGE}?rows=200",
    " searched": f"{PAGE}?search=server-77",
    " searched in vain": f"{PAGE}?search=nothing",
    ", those stopped by state": f"{PAGE}?state=stopped&sort=state",
    ", newest first": f"{PAGE}?sort=-created",
}


def measure_page() -> list[Row]:
    """A page of the dashboard's list of 10,000, of which `measure` made the first. Time is that of the clock."""
    owner = User.objects.get(username="benchmark")
    fill(owner, range(CONTAINERS, ON_THE_PAGE))
    client = Client()
    client.force_login(owner)
    rows = [Row(f"page of {ON_THE_PAGE:,} containers, queries", queries_of(lambda: client.get(PAGE)), "", 7)]
    for what, address in PAGES.items():
        assert client.get(address).status_code == 200
        took = [milliseconds(partial(client.get, address)) for _ in range(ROUNDS)]
        rows.append(Row(f"page of {ON_THE_PAGE:,} containers{what}", median(took), "ms", 300))
    found = [milliseconds(lambda: client.get("/dashboard/palette?search=stop server-77")) for _ in range(ROUNDS)]
    return [*rows, Row(f"palette over {ON_THE_PAGE:,} containers", median(found), "ms", 300)]
