"""What the forms of containers suggest; whatever else is typed is as good."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from accounts.actor import Actor
from accounts.models import User
from containers.forms import host_port_shown
from ports import pool

MOST_USERS = 100
MOST_PORTS = 500


@dataclass(frozen=True)
class FreePort:
    """A host port to choose, with the protocols that it is free for."""

    text: str
    protocols: str


def free_ports() -> list[FreePort]:
    """Host ports that nobody has, the lowest of them."""
    protocols: dict[str, list[str]] = defaultdict(list)
    for port in pool.free_ports(MOST_PORTS):
        protocols[host_port_shown(port.ip, port.port)].append(port.protocol.upper())
    return [FreePort(text, " and ".join(free_for)) for text, free_for in protocols.items()]


def users(actor: Actor) -> list[str]:
    """Who may own a container, for those who may choose."""
    if not actor.is_admin:
        return []
    active = User.objects.filter(is_active=True).order_by("username")
    return list(active.values_list("username", flat=True)[:MOST_USERS])
