"""What Docker answers, as far as anybody here asks: read in one place for both clients."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime

from containers.engine.config import LABEL_CONTAINER

# What older engines list for an image without a name.
UNNAMED = "<none>"


@dataclass(frozen=True)
class Inspected:
    """What Docker says of a container."""

    docker_id: str
    pid: int  # of the main process, as the engine's host counts; 0 if there is none
    image: str  # the id of the image it was made from, whatever its tag means by now
    running: bool
    started: bool
    exit_code: int
    oom_killed: bool
    started_at: datetime | None
    finished_at: datetime | None
    volumes: dict[str, str]  # Docker's own volumes that the image declares: path in the container to name
    host_paths: list[str]  # that are mounted


@dataclass(frozen=True)
class Seen:
    """One of our containers in Docker's list."""

    docker_id: str
    container_id: UUID
    running: bool
    created: bool  # made, and never started


@dataclass(frozen=True)
class OnHost:
    """An image in Docker's list."""

    docker_id: str
    names: list[str]  # references with a tag
    digests: list[str]  # references with a digest
    size: int  # bytes, of all its layers
    created_at: datetime


def inspected(raw: dict[str, Any]) -> Inspected:
    """Read the answer of `GET /containers/{id}/json`."""
    state = raw["State"]
    started_at = docker_time(state["StartedAt"])
    return Inspected(
        docker_id=raw["Id"],
        pid=int(state["Pid"]),
        image=raw["Image"],
        running=bool(state["Running"]),
        started=started_at is not None,
        exit_code=int(state["ExitCode"]),
        oom_killed=bool(state["OOMKilled"]),
        started_at=started_at,
        finished_at=docker_time(state["FinishedAt"]),
        volumes={m["Destination"]: m["Name"] for m in raw["Mounts"] if m["Type"] == "volume"},
        host_paths=[m["Source"] for m in raw["Mounts"] if m["Type"] == "bind"],
    )


def seen(raw: dict[str, Any]) -> Seen | None:
    """Read one entry of `GET /containers/json`; None for one that was made beside us, with a part of our labels."""
    try:
        container_id = UUID(raw["Labels"][LABEL_CONTAINER])
    except (KeyError, ValueError):
        return None
    return Seen(
        docker_id=raw["Id"],
        container_id=container_id,
        running=raw["State"] in ("running", "paused", "restarting"),
        created=raw["State"] == "created",
    )


def on_host(raw: dict[str, Any]) -> OnHost:
    """Read one entry of `GET /images/json`."""
    return OnHost(
        docker_id=raw["Id"],
        names=[name for name in raw["RepoTags"] or () if not name.startswith(UNNAMED)],
        digests=[name for name in raw["RepoDigests"] or () if not name.startswith(UNNAMED)],
        size=raw["Size"],
        created_at=datetime.fromtimestamp(raw["Created"], UTC),
    )


def docker_time(text: str) -> datetime | None:
    """Docker's RFC 3339 time with nanoseconds; the year 1 means never."""
    return None if text.startswith("0001-") else parse_datetime(text)


# How Go tells that an address could not be asked: which one, and in the end why.
_NOT_REACHED = re.compile(
    r'(?:Get|Head) "https?://([^/"]+)[^"]*": (?:(?:dial|read|net/http|tls).*: |(?=EOF|context))(.+)'
)


def why_not_pulled(said: str) -> str:
    """What Docker said of a pull that failed, for people where it is about the way to the registry."""
    found = _NOT_REACHED.search(said)
    return f"the registry {found[1]} cannot be reached ({found[2]})" if found else said
