"""What an administrator does to the pool: asked for by an actor, checked, recorded."""

from collections.abc import Sequence

from django.db import transaction

from accounts import audit
from accounts.actor import Actor
from accounts.permissions import Permission, require
from ports import pool
from ports.models import Port


def _range(ip: str, start: int, end: int, protocol: str) -> str:
    return f"{ip}:{start}-{end}/{protocol}"


def _shown(ip: str, port: int, protocol: str, **_: object) -> str:
    return str(Port(ip=ip, port=port, protocol=protocol))


@audit.attempt("port.add", _shown)
def add(actor: Actor, ip: str, port: int, protocol: str) -> Port:
    """Add one port to the pool."""
    require(actor, Permission.PORTS)
    with transaction.atomic():
        row = pool.add(ip, port, protocol)
        audit.record(actor, row)
    return row


@audit.attempt("port.add", _range)
def add_range(actor: Actor, ip: str, start: int, end: int, protocol: str) -> int:
    """Add every port from `start` to `end`, both included; returns how many."""
    require(actor, Permission.PORTS)
    with transaction.atomic():
        count = pool.add_range(ip, start, end, protocol)
        audit.record(actor, _range(ip, start, end, protocol))
    return count


@audit.attempt("port.delete", _shown)
def remove(actor: Actor, ip: str, port: int, protocol: str) -> None:
    """Take one port out of the pool, unless it is in use."""
    require(actor, Permission.PORTS)
    with transaction.atomic():
        pool.remove(ip, port, protocol)
        audit.record(actor, _shown(ip, port, protocol))


@audit.attempt("port.delete", lambda ports: f"{len(ports)} ports")
def remove_many(actor: Actor, ports: Sequence[tuple[str, int, str]]) -> int:
    """Take ports out of the pool: all of them, or an error and none."""
    require(actor, Permission.PORTS)
    with transaction.atomic():
        count = pool.remove_many(ports)
        for ip, port, protocol in sorted(set(ports)):
            audit.record(actor, _shown(ip, port, protocol))
    return count


@audit.attempt("port.mark", _shown)
def mark(actor: Actor, ip: str, port: int, protocol: str, *, in_use: bool) -> Port:
    """Say by hand that something other than a container uses this port, or no longer does."""
    require(actor, Permission.PORTS)
    with transaction.atomic():
        row = pool.mark(ip, port, protocol, in_use=in_use)
        audit.record(actor, row, after={"in_use": in_use})
    return row
