"""Taking ports out of the pool and putting them back, whoever else does so at the same time.

Every take is a conditional UPDATE of a free row, inside a transaction of the caller. On
PostgreSQL the rows that could clash are locked first; SQLite has one writer at a time.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, OuterRef, Q

from ports.models import HIGHEST_PORT, IN_USE, LOWEST_PORT, Port, PortQuerySet, Protocol
from rules.errors import Conflict, Invalid, LightdError, NotFound, Unavailable

ANY_IPV4 = "0.0.0.0"  # noqa: S104 - what Docker calls every address
ANY_IPV6 = "::"


@dataclass(frozen=True)
class PortRequest:
    """A port that is asked for. Without a host port, one from the pool."""

    ip: str = ANY_IPV4
    host_port: int | None = None
    container_port: int | None = None
    protocol: str = Protocol.TCP.value


@dataclass(frozen=True)
class Binding:
    """A port that a container publishes."""

    ip: str
    host_port: int
    container_port: int
    protocol: str

    def as_dict(self) -> dict[str, str | int]:
        return {
            "ip": self.ip,
            "container_port": self.container_port,
            "host_port": self.host_port,
            "port": self.host_port,
            "protocol": self.protocol,
        }

    def __str__(self) -> str:
        return _shown(self.ip, self.host_port, self.protocol)


@dataclass(frozen=True)
class Filling:
    """How many ports the pool has, and how many of them are in use."""

    used: int
    total: int


# --- For containers -----------------------------------------------------------


def take(container: Any, requests: Sequence[PortRequest]) -> list[Binding]:
    """Give the container its ports for good: all of them, or an error and none.

    The caller has a transaction open, and rolls it back on an error.
    """
    return _claim(container, requests, current=[], reserved=False)


def reserve(container: Any, requests: Sequence[PortRequest]) -> list[Binding]:
    """Keep for a rebind what the container does not have yet; nothing is given up.

    A container port that is not asked for is that of the present binding at the same
    index, else the host port. The caller has a transaction open.
    """
    return _claim(container, requests, current=bindings(container), reserved=True)


def switch(container: Any, wanted: Sequence[Binding]) -> None:
    """Make `wanted` the container's ports, and put its other ones back into the pool."""
    with transaction.atomic():
        kept: list[int] = []
        for position, binding in enumerate(wanted):
            row = Port.objects.get(
                container=container, ip=binding.ip, port=binding.host_port, protocol=binding.protocol
            )
            row.container_port = binding.container_port
            row.position = position
            row.reserved = False
            row.save(update_fields=["container_port", "position", "reserved"])
            kept.append(row.pk)
        _put_back(Port.objects.filter(container=container).exclude(pk__in=kept))


def release(container: Any) -> None:
    """Put all ports of the container back into the pool."""
    _put_back(Port.objects.filter(container=container))


def release_reserved(container: Any) -> None:
    """Put back what was kept for a rebind that did not happen."""
    _put_back(Port.objects.filter(container=container, reserved=True))


def free_ports(most: int) -> list[Port]:
    """Ports that can be asked for by number, the lowest `most` of them."""
    return list(_claimable().order_by("port", "protocol", "ip")[:most])


def bindings(container: Any) -> list[Binding]:
    """What the container publishes, in order. Costs no query after prefetch_related("ports")."""
    rows: list[Port] = [row for row in container.ports.all() if not row.reserved]
    return [
        Binding(row.ip, row.port, row.container_port or row.port, row.protocol)
        for row in sorted(rows, key=lambda row: row.position)
    ]


# --- For administrators -------------------------------------------------------


def add(ip: str, port: int, protocol: str) -> Port:
    """Add one port to the pool."""
    try:
        with transaction.atomic():
            return Port.objects.create(ip=ip, port=port, protocol=protocol)
    except IntegrityError:
        raise Conflict("Port already exists in pool") from None


def add_range(ip: str, start: int, end: int, protocol: str) -> int:
    """Add every port from `start` to `end`, both included; returns how many."""
    if not LOWEST_PORT <= start <= end <= HIGHEST_PORT:
        raise Invalid("start must not be above end", {"start": ["Must not be above end."]})
    with transaction.atomic():
        known = Port.objects.filter(ip=ip, protocol=protocol, port__range=(start, end)).order_by("port").first()
        if known is not None:
            raise Conflict("Port already exists in pool", {"start": [f"{known} is in the pool already."]})
        rows = [Port(ip=ip, port=port, protocol=protocol) for port in range(start, end + 1)]
        try:
            with transaction.atomic():
                Port.objects.bulk_create(rows, batch_size=1000)
        except IntegrityError:
            raise Conflict("Port already exists in pool") from None
    return len(rows)


def find(ip: str, port: int, protocol: str) -> Port:
    """The row of one port."""
    row = Port.objects.filter(ip=ip, port=port, protocol=protocol).first()
    if row is None:
        raise NotFound("Port not found in pool")
    return row


def filling() -> Filling:
    """How full the pool is. One query."""
    in_use = Count("pk", filter=IN_USE)
    return Filling(**Port.objects.aggregate(used=in_use, total=Count("pk")))


def pick_free(protocol: str | None = None) -> Port:
    """A port at random that can be asked for by number, which stays free."""
    claimable = _claimable()
    if protocol:
        claimable = claimable.filter(protocol=protocol)
    row = claimable.order_by("?").first()
    if row is None:
        raise NotFound("No available ports in pool")
    return row


def remove(ip: str, port: int, protocol: str) -> None:
    """Take one port out of the pool, unless it is in use."""
    row = find(ip, port, protocol)
    if not Port.objects.free().filter(pk=row.pk).delete()[0]:
        raise Conflict(f"Port is in use: {row}")


def remove_many(ports: Iterable[tuple[str, int, str]]) -> int:
    """Take ports out of the pool: all of them, or an error and none."""
    with transaction.atomic():
        wanted = set(ports)
        for ip, port, protocol in sorted(wanted):
            remove(ip, port, protocol)
    return len(wanted)


def mark(ip: str, port: int, protocol: str, *, in_use: bool) -> Port:
    """Say by hand that something other than a container uses this port, or no longer does."""
    row = find(ip, port, protocol)
    changed = Port.objects.filter(pk=row.pk, container=None).update(held=in_use)
    if not changed and not in_use:
        raise Conflict(f"Port is in use by a container: {row}")
    row.refresh_from_db()
    return row


# --- The claim ----------------------------------------------------------------


def _claim(
    container: Any, requests: Sequence[PortRequest], *, current: Sequence[Binding], reserved: bool
) -> list[Binding]:
    _refuse_duplicates(requests)
    rows: dict[int, Port] = {}
    # Those asked for by number first, so that none of them is taken from the pool for another;
    # in one order, so that two callers never wait for each other's.
    numbered = [
        (request.host_port, request.protocol, request.ip, index)
        for index, request in enumerate(requests)
        if request.host_port is not None
    ]
    for port, protocol, ip, index in sorted(numbered):
        with _about(index):
            rows[index] = _claim_numbered(container, ip, port, protocol, reserved)
    for index, request in enumerate(requests):
        if request.host_port is None:
            with _about(index):
                rows[index] = _claim_any(container, request, reserved)

    claimed: list[Binding] = []
    for index, request in enumerate(requests):
        row = rows[index]
        before = current[index].container_port if index < len(current) else row.port
        binding = Binding(row.ip, row.port, request.container_port or before, row.protocol)
        claimed.append(binding)
        if not reserved:
            Port.objects.filter(pk=row.pk).update(container_port=binding.container_port, position=index)
    return claimed


@contextmanager
def _about(index: int) -> Iterator[None]:
    """What is refused here is the host port of the request at `index`."""
    try:
        yield
    except LightdError as error:
        error.field = f"ports.{index}.host_port"
        raise


def _claim_numbered(container: Any, ip: str, port: int, protocol: str, reserved: bool) -> Port:
    neighbours = list(Port.objects.select_for_update().filter(port=port, protocol=protocol).order_by("pk"))
    row = next((row for row in neighbours if row.ip == ip), None)
    if row is None:
        raise Invalid("Port not found in network pool")
    if row.container_id == container.pk:
        return row
    clashing = [other for other in neighbours if _overlap(row.ip, other.ip)]
    if any(other.in_use and other.container_id != container.pk for other in clashing):
        raise Conflict("Port already in use")
    if not _mark_taken(row, container, reserved):
        raise Conflict("Port already in use")
    return row


def _claimable() -> PortQuerySet:
    """Free ports that no other in use clashes with."""
    in_use = Port.objects.in_use().filter(port=OuterRef("port"), protocol=OuterRef("protocol"))
    everywhere = Q(ip__in=(ANY_IPV4, ANY_IPV6))
    clashes = Exists(in_use.filter(everywhere)) | (everywhere & Exists(in_use))
    return Port.objects.free().exclude(clashes)


def _claim_any(container: Any, request: PortRequest, reserved: bool) -> Port:
    while (candidate := _candidate(request)) is not None:
        try:
            return _claim_numbered(container, candidate.ip, candidate.port, candidate.protocol, reserved)
        except (Conflict, Invalid):
            continue  # someone else was faster: there may be another one
    raise Unavailable("No available ports in pool")


def _candidate(request: PortRequest) -> Port | None:
    free = _claimable().filter(ip=request.ip, protocol=request.protocol).order_by("port")
    if not connection.features.has_select_for_update_skip_locked:
        return free.first()
    while free.exists():
        # Those that others are taking just now come free if they fail: wait, if there are no others.
        row = free.select_for_update(skip_locked=True).first() or free.select_for_update().first()
        if row is not None:
            return row
    return None


def _mark_taken(row: Port, container: Any, reserved: bool) -> bool:
    return bool(
        Port.objects.free()
        .filter(pk=row.pk)
        .update(container=container, container_port=None, position=0, reserved=reserved)
    )


def _put_back(rows: PortQuerySet) -> None:
    rows.update(container=None, container_port=None, position=0, reserved=False)


def _refuse_duplicates(requests: Sequence[PortRequest]) -> None:
    seen: list[PortRequest] = []
    for request in requests:
        if request.host_port is None:
            continue
        for other in seen:
            same = (other.host_port, other.protocol) == (request.host_port, request.protocol)
            if same and _overlap(other.ip, request.ip):
                name = _shown(request.ip, request.host_port, request.protocol)
                raise Invalid(f"Port given twice: {name}", {"ports": [f"{name} is given twice."]})
        seen.append(request)


def _overlap(one: str, other: str) -> bool:
    """Whether both addresses can't have the same port: 0.0.0.0 covers every other one."""
    if one == other:
        return True
    first, second = ipaddress.ip_address(one), ipaddress.ip_address(other)
    return first.version == second.version and (first.is_unspecified or second.is_unspecified)


def _shown(ip: str, port: int, protocol: str) -> str:
    return str(Port(ip=ip, port=port, protocol=protocol))
