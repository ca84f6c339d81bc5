"""The body of Docker's container create call, built in one place for create, reinstall and rebind alike.

Field names and units are those of the Docker Engine API v1.41, `POST /containers/create`
(https://docs.docker.com/reference/api/engine/version/v1.41/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

from volumes import storage

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from uuid import UUID

    from containers.models import Container
    from ports.pool import Binding

LABEL_INTERNAL_ID = "lightd.internal_id"
LABEL_CONTAINER = "lightd.container"
LABEL_INSTANCE = "lightd.instance"
LABEL_ROLE = "lightd.role"
LABEL_JOB = "lightd.job"
LABELS = (LABEL_INTERNAL_ID, LABEL_CONTAINER, LABEL_INSTANCE, LABEL_ROLE, LABEL_JOB)

HOME = "/home/container"
DATA = "/app/data"
ENTRYPOINT = f"{DATA}/entrypoint.sh"

NANO_CPUS = 1_000_000_000  # HostConfig.NanoCpus counts billionths of a core


def labels(container: Container, instance: str, job_id: UUID) -> dict[str, str]:
    """Labels say what is ours; a Docker container without them is never touched."""
    return {
        LABEL_INTERNAL_ID: container.internal_id,
        LABEL_CONTAINER: str(container.id),
        LABEL_INSTANCE: instance,
        LABEL_ROLE: "container",
        LABEL_JOB: str(job_id),
    }


def container_config(
    container: Container,
    bindings: Sequence[Binding],
    *,
    image: str,
    instance: str,
    job_id: UUID,
    volumes: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The whole create body for `container` on `image` with `bindings`.

    `volumes` (path in the container to name) are Docker's own volumes of the container that this one replaces: what
    an image declares as a volume is part of the file system that a recreate keeps, and no image holds it.

    The process is always `/app/data/entrypoint.sh`, which we write on the host before each start: so the install
    script and the startup command run in one and the same container, and what the first installs the second finds.
    """
    exposed: dict[str, dict[str, str]] = {f"{b.container_port}/{b.protocol}": {} for b in bindings}
    return {
        "Image": image,
        "Entrypoint": ["/bin/sh", ENTRYPOINT],
        "Cmd": [],
        "User": "0",
        "WorkingDir": "/",
        # docker-init passes signals to its child alone unless told to reach the whole process group (tini's own
        # variable): without it a stop would end a shell and cut off the server below it.
        "Env": ["TINI_KILL_PROCESS_GROUP=1", f"HOME={HOME}", "TERM=xterm-256color"],
        "Tty": True,
        "OpenStdin": True,
        "StdinOnce": False,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "Labels": labels(container, instance, job_id),
        "ExposedPorts": exposed,
        # Never by Docker's own health checks of the image: the start pattern says when a server is up.
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": host_config(container, bindings, volumes or {}),
    }


def host_config(container: Container, bindings: Sequence[Binding], volumes: Mapping[str, str]) -> dict[str, Any]:
    """The part of the create body that binds the container to the host: limits, rights, mounts and ports."""
    host: dict[str, Any] = {
        "Mounts": mounts(container) + [kept_volume(name, target) for target, name in volumes.items()],
        "PortBindings": port_bindings(bindings),
        "RestartPolicy": {"Name": "no"},
        "Init": settings.CONTAINER_INIT,
        "CapDrop": ["ALL"],
        "CapAdd": list(settings.CONTAINER_CAPABILITIES),
        "PidsLimit": settings.CONTAINER_PIDS_LIMIT,
        "LogConfig": {
            "Type": "json-file",
            "Config": {
                "max-size": settings.CONTAINER_LOG_MAX_SIZE,
                "max-file": str(settings.CONTAINER_LOG_MAX_FILES),
            },
        },
    }
    if settings.CONTAINER_NO_NEW_PRIVILEGES:
        host["SecurityOpt"] = ["no-new-privileges"]
    host |= limits(container)
    return host


# Names of the API to those of HostConfig.
RESOURCES = {
    "memory_swap": "MemorySwap",  # bytes, memory and swap together; -1: no limit
    "memory_reservation": "MemoryReservation",  # bytes
    "cpu_shares": "CpuShares",  # weight, 1024 is Docker's own
    "cpu_period": "CpuPeriod",  # microseconds
    "cpu_quota": "CpuQuota",  # microseconds in a period
    "cpuset_cpus": "CpusetCpus",  # "0-2,5"
    "blkio_weight": "BlkioWeight",  # 10 to 1000
}


def limits(container: Container) -> dict[str, Any]:
    """The limits of a container, as create and update take them."""
    set_limits: dict[str, Any] = {}
    if container.memory:
        set_limits["Memory"] = container.memory
        set_limits["MemorySwap"] = container.memory  # memory plus swap: equal means no swap at all
    if container.cpu:
        set_limits["NanoCpus"] = round(container.cpu * NANO_CPUS)
    return set_limits | {RESOURCES[name]: value for name, value in container.resources.items()}


def limits_named(container: Container, names: Collection[str]) -> dict[str, Any]:
    """Those of `limits` that settings of these names make. A memory limit always travels with that of memory and swap,
    which must not be below it."""
    fields = {"memory": "Memory", "cpu": "NanoCpus", **RESOURCES}
    wanted = {fields[name] for name in names} | (
        {"Memory", "MemorySwap"} if {"memory", "memory_swap"} & set(names) else set()
    )
    return {field: value for field, value in limits(container).items() if field in wanted}


def settings_of(host: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that make the limits of a HostConfig, `None` where there is none: `limits` the other way round."""
    resources = {name: host.get(field) or None for name, field in RESOURCES.items()}
    if resources["memory_swap"] == host.get("Memory"):
        resources["memory_swap"] = None
    nano = host.get("NanoCpus")
    return {"memory": host.get("Memory") or None, "cpu": nano / NANO_CPUS if nano else None, **resources}


def mounts(container: Container) -> list[dict[str, Any]]:
    """The volume, the read-only data directory, and the host paths an administrator added."""
    ours = [
        bind(str(storage.directory(container.volume)), HOME),
        bind(str(container.data), DATA, read_only=True),
    ]
    return ours + [bind(source, target) for target, source in sorted(container.mount.items())]


def bind(source: str, target: str, *, read_only: bool = False) -> dict[str, Any]:
    """One bind mount. Unlike `Binds`, `Mounts` refuses a missing source instead of making it as root."""
    return {"Type": "bind", "Source": source, "Target": target, "ReadOnly": read_only}


def kept_volume(name: str, target: str) -> dict[str, Any]:
    """Mount one of Docker's own volumes again."""
    return {"Type": "volume", "Source": name, "Target": target}


def port_bindings(bindings: Sequence[Binding]) -> dict[str, list[dict[str, str]]]:
    """Docker's map from container port to the host addresses it is published on."""
    published: dict[str, list[dict[str, str]]] = {}
    for b in bindings:
        published.setdefault(f"{b.container_port}/{b.protocol}", []).append(
            {"HostIp": b.ip, "HostPort": str(b.host_port)}
        )
    return published
