"""The one event log: every step of a container is recorded here, in the transaction that it reports."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings

from containers.models import Container, Event, Job
from rules import request_id
from rules.rows import delete_in_pieces

Kind = Event.Kind


class OnSocket(NamedTuple):
    """How an event shows on the console socket (contract, section 3)."""

    event: str | None
    daemon_message: str | None


# `{}` stands for the event's message.
ON_SOCKET: dict[str, OnSocket] = {
    Kind.INSTALLING: OnSocket("installing", None),
    Kind.PULLING: OnSocket(None, "{}"),
    Kind.PULLED: OnSocket(None, "{}"),
    Kind.CREATED: OnSocket(None, "{}"),
    Kind.INSTALL_STARTED: OnSocket(None, "{}"),
    Kind.INSTALLED: OnSocket("installed", "{}"),
    Kind.STARTING: OnSocket("starting", None),
    Kind.STARTED: OnSocket(None, "{}"),
    Kind.RUNNING: OnSocket("running", "Server started"),
    Kind.STOPPING: OnSocket("stopping", None),
    Kind.KILLING: OnSocket(None, "{}"),
    Kind.EXIT: OnSocket("exit", "Container stopped"),
    Kind.CRASHED: OnSocket("crashed", "{}"),
    Kind.STAYS_DOWN: OnSocket(None, "Error: {}"),
    Kind.SETTINGS: OnSocket(None, "{}"),
    Kind.REBINDING: OnSocket(None, "{}"),
    Kind.REBOUND: OnSocket(None, "{}"),
    Kind.REBIND_FAILED: OnSocket(None, "Error: {}"),
    Kind.FAILED: OnSocket("failed", "Error: {}"),
    Kind.DELETED: OnSocket("deleted", None),
}


def record(
    container: Container, kind: Kind, message: str = "", *, actor: str = "", data: dict[str, Any] | None = None
) -> Event:
    """Write one event. The supervisor relays it to the viewers within a moment of the commit.

    An end of the process is noted in the row as well: events are not kept for ever.
    """
    if kind in Container.LastEnd.values:
        Container.objects.filter(pk=container.id).update(last_end=kind)
    return Event.objects.create(
        container=container,
        container_uuid=container.id,
        internal_id=container.internal_id,
        kind=kind,
        message=message,
        data=data or {},
        actor=actor,
        request_id=request_id.current(),
    )


def record_for(job: Job, kind: Kind, message: str = "") -> Event:
    """Write one event of a step of `job`, in the name of the one who asked for it."""
    return record(job.container, kind, message, actor=job.actor)


def socket_messages(event: Event) -> list[dict[str, Any]]:
    """What a viewer is sent for an event: a state word, a sentence, both, or nothing."""
    shape = ON_SOCKET[event.kind]
    messages = []
    if shape.event:
        messages.append({**event.data, "event": "event", "data": shape.event})
    if shape.daemon_message:
        messages.append({"event": "daemon_message", "data": shape.daemon_message.format(event.message)})
    return messages


def forget(now: datetime) -> None:
    """Delete what is older than it is kept, and was relayed."""
    long_ago = now - timedelta(days=settings.EVENTS_KEEP_DAYS)
    delete_in_pieces(Event.objects.filter(created_at__lt=long_ago, relayed=True))
