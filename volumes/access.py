"""Whose volumes an actor may see and use, and who may do what to their files."""

from collections.abc import Callable

from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.permissions import Permission, allows
from rules.errors import Forbidden, NotFound
from rules.rows import by_id
from volumes.models import Volume

# Whether something that uses the volume gives the actor a permission. Containers do, and we know nothing of them: they
# say so when the site starts.
GivenThrough = Callable[[Actor, Permission, Volume], bool]
_given_through: list[GivenThrough] = []


def also_given_through(rule: GivenThrough) -> None:
    """From now on the files of a volume are also open to whom `rule` says."""
    _given_through.append(rule)


def visible(actor: Actor) -> QuerySet[Volume]:
    """One's own; an administrator's are all."""
    volumes = Volume.objects.select_related("owner")
    return volumes if actor.user.is_superuser else volumes.filter(owner=actor.user)


def find(actor: Actor, volume_id: str) -> Volume:
    """One of `visible(actor)`."""
    return by_id(visible(actor), volume_id, "Volume")


def may(actor: Actor, permission: Permission, volume: Volume) -> bool:
    """Whether `actor` has `permission` on the volume's files: its owner, or through what uses it."""
    if not allows(actor, permission):
        return False
    return owns(actor, volume) or any(rule(actor, permission, volume) for rule in _given_through)


def owns(actor: Actor, volume: Volume) -> bool:
    """Whether it is the actor's own, or an administrator's as all are. A token for single containers owns nothing."""
    limited = actor.token is not None and bool(actor.token.containers)
    return not limited and (actor.user.is_superuser or volume.owner_id == actor.user.pk)


def find_files(actor: Actor, volume_id: str, permission: Permission) -> Volume:
    """The volume, for whoever has `permission` on its files; raises what `refuse_unless_may` does."""
    volume = by_id(Volume.objects.all(), volume_id, "Volume")
    refuse_unless_may(actor, permission, volume)
    return volume


def refuse_unless_may(actor: Actor, permission: Permission, volume: Volume) -> None:
    """Refuse whoever lacks `permission` on the volume's files.

    Raises:
        NotFound: the actor may not even see the volume, as its own or as that of a container.
        Forbidden: the actor sees it, but lacks `permission`.
    """
    if may(actor, permission, volume):
        return
    if may(actor, Permission.VIEW, volume) or (owns(actor, volume) and allows(actor, Permission.VOLUMES)):
        raise Forbidden(f"You may not do this to the volume: {permission.value} is needed")
    raise NotFound("Volume not found")
