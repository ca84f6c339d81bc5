"""What an actor may know of the ports: all of them, and of their users one's own containers."""

from django.db.models import Q

from accounts.actor import Actor


def known(actor: Actor, internal_id: str | None, owner_id: int | None) -> str | None:
    """The container that has a port, if the actor may know it."""
    if internal_id is None or not (actor.user.is_superuser or owner_id == actor.user.pk):
        return None
    return internal_id if actor.reaches(internal_id) else None


def used_by(actor: Actor, text: str) -> Q:
    """Ports of containers with `text` in their id, of those that the actor may know."""
    found = Q(container__internal_id__icontains=text)
    return found if actor.user.is_superuser else found & Q(container__owner=actor.user)
