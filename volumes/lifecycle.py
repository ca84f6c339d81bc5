"""What can be asked of volumes; every door calls these."""

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.actor import Actor
from accounts.permissions import Permission, require
from volumes import access, storage
from volumes.models import Volume


def visible(actor: Actor) -> QuerySet[Volume]:
    """Those that a list shows: one's own; an administrator's are all."""
    require(actor, Permission.VOLUMES)
    return access.visible(actor)


def find(actor: Actor, volume_id: str) -> Volume:
    """One of `visible(actor)`."""
    require(actor, Permission.VOLUMES)
    return access.find(actor, volume_id)


@audit.attempt("volume.create", lambda size: "")
def create(actor: Actor, size: int | None) -> Volume:
    """A new and empty volume of the actor's.

    Args:
        size: megabytes that it may hold; None: as many as usual.
    """
    require(actor, Permission.VOLUMES)
    with transaction.atomic():
        volume = storage.create(actor.user, quota_mb=size)
        audit.record(actor, volume, after={"quota_mb": volume.quota_mb})
    return volume


@audit.attempt("volume.delete")
def delete(actor: Actor, volume_id: str) -> None:
    """Remove a volume and all its files, unless a container uses it."""
    volume = find(actor, volume_id)
    with transaction.atomic():
        audit.record(actor, volume)
        storage.delete(volume)
