"""Containers as answers show them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from rest_framework import serializers

from accounts.models import ApiToken
from accounts.permissions import OF_A_CONTAINER
from containers.models import Container, Event, Grant, RestartPolicy, install_state
from containers.samples import Window
from containers.states import State
from ports import pool
from ports.models import Port
from ports.pool import Binding
from ports.serializers import BindingSerializer
from rules.moments import unix
from rules.serializers import UnixTimeField

INSTALL_STATES = ("installing", "ready", "failed")


class LimitsShown(serializers.Serializer[Any]):
    memory = serializers.IntegerField(allow_null=True, help_text="Bytes.")
    cpu = serializers.FloatField(allow_null=True, help_text="Cores.")


class ContainerShort(serializers.Serializer[Any]):
    internal_id = serializers.CharField()
    container_id = serializers.CharField(allow_null=True, help_text="Docker's short id.")
    install_state = serializers.ChoiceField(choices=INSTALL_STATES)
    state = serializers.ChoiceField(choices=State.choices)
    image = serializers.CharField()
    ports = BindingSerializer(many=True)


class ResourcesShown(serializers.Serializer[Any]):
    memory = serializers.IntegerField(allow_null=True)
    memory_swap = serializers.IntegerField(allow_null=True)
    memory_reservation = serializers.IntegerField(allow_null=True)
    cpu_shares = serializers.IntegerField(allow_null=True)
    cpu_period = serializers.IntegerField(allow_null=True)
    cpu_quota = serializers.IntegerField(allow_null=True)
    cpuset_cpus = serializers.CharField(allow_null=True)
    blkio_weight = serializers.IntegerField(allow_null=True)


class ContainerFull(ContainerShort):
    volume_id = serializers.UUIDField()
    startup_command = serializers.CharField()
    start_pattern = serializers.CharField(allow_blank=True)
    limits = LimitsShown()
    mount = serializers.DictField(child=serializers.CharField())
    stop_command = serializers.CharField(allow_blank=True)
    stop_timeout = serializers.IntegerField(help_text="Seconds.")
    restart_policy = serializers.ChoiceField(choices=RestartPolicy.choices)
    exit_code = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_null=True)
    owner = serializers.CharField()
    started_at = UnixTimeField(allow_null=True)
    created_at = UnixTimeField()
    updated_at = UnixTimeField()


class ContainerPatched(ContainerFull):
    restart_required = serializers.ListField(
        child=serializers.CharField(), help_text="Changed settings that the running process has only after a restart."
    )


class ContainerList(serializers.Serializer[Any]):
    containers = ContainerShort(many=True)
    count = serializers.IntegerField(required=False, help_text="Of all that match, with `limit`.")


class GrantShown(serializers.Serializer[Any]):
    username = serializers.CharField()
    permissions = serializers.ListField(child=serializers.ChoiceField(choices=sorted(OF_A_CONTAINER)))
    created_at = UnixTimeField()


class GrantList(serializers.Serializer[Any]):
    grants = GrantShown(many=True)


class ConsoleTokenShown(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="Shown this once.")
    path = serializers.CharField(help_text="Of the socket.")
    expires_at = UnixTimeField()


class Begun(serializers.Serializer[Any]):
    message = serializers.CharField()
    internal_id = serializers.CharField()


class Created(Begun):
    state = serializers.ChoiceField(choices=State.choices)


class Logs(serializers.Serializer[Any]):
    logs = serializers.CharField(allow_blank=True)


class InstallLog(Logs):
    exit_code = serializers.IntegerField(allow_null=True, help_text="Null until the script has ended.")


class EventShown(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Event.Kind.choices)
    message = serializers.CharField(allow_blank=True)
    actor = serializers.CharField(allow_blank=True)
    created_at = UnixTimeField()
    request_id = serializers.CharField(allow_blank=True, help_text="Of the request that led to it; empty: none did.")
    output = serializers.CharField(
        required=False, help_text="Of a crash: the last lines before it, for who may read the console (`console.read`)."
    )


class EventList(serializers.Serializer[Any]):
    events = EventShown(many=True)
    count = serializers.IntegerField(required=False)


class StatsWindow(serializers.Serializer[Any]):
    window = serializers.ChoiceField(choices=Window.values)
    step = serializers.IntegerField(
        help_text="Seconds from one sample to the next; a step without a reading is left out."
    )


class Sampled(serializers.Serializer[Any]):
    at = serializers.IntegerField(help_text="When the step begins.")
    cpu_average = serializers.FloatField(help_text="Percent, 100 a core.")
    cpu_highest = serializers.FloatField(help_text="Of the readings, each an average since the one before.")
    memory_average = serializers.IntegerField(help_text="Bytes.")
    memory_highest = serializers.IntegerField()
    disk = serializers.IntegerField(help_text="Bytes.")


class ContainerSampled(Sampled):
    network_rx = serializers.IntegerField(help_text="Bytes during the step.")
    network_tx = serializers.IntegerField()
    block_read = serializers.IntegerField()
    block_write = serializers.IntegerField()


class HostSampled(Sampled):
    load = serializers.FloatField(help_text="Load average over a minute.")


class ContainerUsage(serializers.Serializer[Any]):
    """As the socket's `stats` message. Network and block figures count from the start."""

    cpu_usage = serializers.FloatField(help_text="Percent, 100 a core.")
    memory_usage = serializers.IntegerField(help_text="Bytes, as `docker stats` counts them.")
    memory_limit = serializers.IntegerField(help_text="The host's memory if there is no limit.")
    network_rx = serializers.IntegerField()
    network_tx = serializers.IntegerField()
    block_read = serializers.IntegerField()
    block_write = serializers.IntegerField()
    disk_usage = serializers.IntegerField(help_text="Bytes of the volume; of a directory, as last measured.")
    uptime = serializers.IntegerField(help_text="Seconds.")
    pids = serializers.IntegerField()


class HostUsage(serializers.Serializer[Any]):
    cpu_usage = serializers.FloatField(help_text="Percent, 100 a core.")
    memory_usage = serializers.IntegerField()
    memory_limit = serializers.IntegerField()
    disk_usage = serializers.IntegerField(help_text="Bytes of the file system that the storage is on.")
    disk_limit = serializers.IntegerField()
    load = serializers.FloatField(help_text="Load average over a minute.")
    cores = serializers.IntegerField()


class ContainerStatistics(StatsWindow):
    samples = ContainerSampled(many=True)
    current = ContainerUsage(allow_null=True, help_text="Null while it does not run.")


class HostStatistics(StatsWindow):
    samples = HostSampled(many=True)
    current = HostUsage(allow_null=True, help_text="Null without a supervisor.")


class Health(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=("ok",))
    database = serializers.CharField()
    engine = serializers.CharField()
    workers = serializers.CharField()
    supervisor = serializers.CharField()


class Degraded(Health):
    status = serializers.ChoiceField(choices=("degraded",))
    error = serializers.CharField(help_text="Which parts are not well, in one sentence.")


class Alive(serializers.Serializer[Any]):
    status = serializers.CharField()


# Written by hand as dictionaries: a ModelSerializer takes five times as long over a list of 1,000.


def full(container: Container) -> dict[str, Any]:
    """Everything that the API shows of one container."""
    return {
        "internal_id": container.internal_id,
        "container_id": container.container_id,
        "volume_id": str(container.volume_id),
        "image": container.image,
        "startup_command": container.startup_command,
        "start_pattern": container.start_pattern,
        "install_state": container.install_state,
        "state": container.state,
        "ports": [binding.as_dict() for binding in pool.bindings(container)],
        "limits": {"memory": container.memory, "cpu": container.cpu},
        "mount": container.mount,
        "stop_command": container.stop_command,
        "stop_timeout": container.stop_timeout,
        "restart_policy": container.restart_policy,
        "exit_code": container.exit_code,
        "error": container.error or None,
        "owner": container.owner.username,
        "started_at": unix(container.started_at),
        "created_at": unix(container.created_at),
        "updated_at": unix(container.updated_at),
    }


LISTED = ("pk", "internal_id", "docker_id", "installed", "state", "image")


def listed(rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Rows of `LISTED` with their ports: one more query, however many rows."""
    published = bindings_of([row[0] for row in rows])
    return [
        {
            "internal_id": internal_id,
            "container_id": docker_id[:12] or None,
            "install_state": install_state(state, installed=installed),
            "state": state,
            "image": image,
            "ports": published.get(pk, []),
        }
        for pk, internal_id, docker_id, installed, state, image in rows
    ]


def bindings_of(containers: list[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """The ports of many containers, in order."""
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    owned = Port.objects.filter(container__isnull=False, reserved=False)
    if len(containers) <= 500:  # SQLite takes so many variables without asking; beyond, all of them are fewer words
        owned = owned.filter(container__in=containers)
    rows = owned.order_by("position").values_list("container_id", "ip", "port", "container_port", "protocol")
    for container_id, ip, port, container_port, protocol in rows:
        found[container_id].append(Binding(ip, port, container_port or port, protocol).as_dict())
    return found


def statistics(window: Window, samples: list[dict[str, Any]], usage: dict[str, Any] | None) -> dict[str, Any]:
    return {"window": window, "step": window.step, "samples": samples, "current": usage}


def event(row: Event, *, reads_console: bool) -> dict[str, Any]:
    """What happened; what was printed then, for who may read that."""
    printed = {"output": row.data["output"]} if reads_console and "output" in row.data else {}
    return {
        "id": row.id,
        "kind": row.kind,
        "message": row.message,
        "actor": row.actor,
        "created_at": unix(row.created_at),
        "request_id": row.request_id,
        **printed,
    }


def grant(row: Grant) -> dict[str, Any]:
    """What one user was granted."""
    return {
        "username": row.user.username,
        "permissions": row.permissions,
        "created_at": unix(row.created_at),
    }


def console_token(internal_id: str, token: ApiToken, secret: str) -> dict[str, Any]:
    """A console token, with its secret this once, and where it opens the console."""
    return {"token": secret, "path": console_path(internal_id), "expires_at": unix(token.expires_at)}


def console_path(internal_id: str) -> str:
    """Where a container's console is."""
    return f"/ws/{internal_id}"
