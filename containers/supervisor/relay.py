"""The outbox: new event rows go to the channel layer, in order, each once it is committed."""

from __future__ import annotations

from django.db import connection

from containers.models import Event
from containers.sockets.groups import EventMessage, event_message

BATCH = 500  # rows
# Asked five times a second, day and night: Django's own way to say it takes ten times as long.
LOOK = "SELECT 1 FROM containers_event WHERE NOT relayed LIMIT 1"


def unsent() -> list[tuple[int, EventMessage]]:
    """Events that nobody has relayed yet, oldest first, with what is sent for each."""
    with connection.cursor() as cursor:
        cursor.execute(LOOK)
        if cursor.fetchone() is None:
            return []
    rows = Event.objects.filter(relayed=False).order_by("id")[:BATCH]
    return [(row.id, event_message(row)) for row in rows]


def mark_sent(ids: list[int]) -> None:
    """Remember that these rows were relayed. Cut off before, they are sent again: a viewer may see one twice."""
    Event.objects.filter(pk__in=ids).update(relayed=True)
