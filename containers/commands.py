"""What people typed into a console, to be recalled with Up and Down on any of their devices.

Kept by the page that sends them, not by the socket: what programs send there is no one's memory. Neither events nor the
audit trail have any of it.
"""

from __future__ import annotations

from django.db import transaction

from accounts.actor import Actor
from accounts.permissions import Permission
from containers.access import find
from containers.models import CommandHistory

MOST = 100
LONGEST = 1000  # characters; what is longer was pasted, and would be recalled by nobody


def recall(actor: Actor, internal_id: str) -> list[str]:
    """The actor's own commands, the latest last."""
    container = find(actor, internal_id, Permission.CONSOLE_WRITE)
    kept = CommandHistory.objects.filter(container=container, user=actor.user).first()
    return kept.commands if kept else []


def remember(actor: Actor, internal_id: str, command: str) -> None:
    """Keep a command as the latest one; the same one is kept once."""
    container = find(actor, internal_id, Permission.CONSOLE_WRITE)
    if not command.strip() or len(command) > LONGEST or "\0" in command:  # PostgreSQL keeps no NUL
        return
    with transaction.atomic():
        CommandHistory.objects.get_or_create(container=container, user=actor.user)
        kept = CommandHistory.objects.select_for_update().get(container=container, user=actor.user)
        others = [each for each in kept.commands if each != command]
        kept.commands = [*others, command][-MOST:]
        kept.save(update_fields=("commands",))


def forget(actor: Actor, internal_id: str) -> None:
    """Keep none of them any more: one may have held a password."""
    container = find(actor, internal_id, Permission.CONSOLE_WRITE)
    CommandHistory.objects.filter(container=container, user=actor.user).delete()
