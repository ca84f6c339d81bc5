"""Who may do what to which container: the one decision, below every door."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet

from accounts.actor import Actor
from accounts.models import User
from accounts.permissions import Permission, allows
from containers.models import Container, Grant
from rules.errors import Forbidden, NotFound
from volumes.models import Volume


def visible(actor: Actor) -> QuerySet[Container]:
    """The containers that an actor sees: their own and those that they were granted anything on."""
    containers = Container.objects.all()
    if not actor.user.is_superuser:
        containers = containers.filter(Q(owner=actor.user) | Exists(grants_of(actor)))
    if actor.token and actor.token.containers:
        containers = containers.filter(internal_id__in=actor.token.containers)
    return containers if allows(actor, Permission.VIEW) else containers.none()


def matching(containers: QuerySet[Container], query: dict[str, Any]) -> QuerySet[Container]:
    """Narrow a list as its query says."""
    if query.get("search"):
        text = query["search"]
        containers = containers.filter(Q(internal_id__icontains=text) | Q(image__icontains=text))
    if query.get("state"):
        containers = containers.filter(state=query["state"])
    return containers


def may(actor: Actor, permission: Permission, container: Container) -> bool:
    """Whether `actor` has `permission` on `container`."""
    return allows(actor, permission) and actor.reaches(container.internal_id) and has(actor, permission, container)


def gives_through_volume(actor: Actor, permission: Permission, volume: Volume) -> bool:
    """Whether `actor` has `permission` on a container that uses the volume: its files are the container's too."""
    return any(may(actor, permission, container) for container in visible(actor).filter(volume=volume))


def has(actor: Actor, permission: Permission, container: Container) -> bool:
    """Whether the user, whatever their token says, owns the container or was granted `permission` on it."""
    if actor.user.is_superuser or container.owner_id == actor.user.pk:
        return True
    return includes(granted_to(actor, container), permission)


def answers_for(actor: Actor, container: Container) -> bool:
    """Whether it is the actor's own, or the actor is an administrator: they see from where others came to it."""
    return actor.is_admin or container.owner_id == actor.user.pk


def includes(granted: Collection[str], permission: Permission) -> bool:
    """Whether a grant of these permissions gives `permission`; any of them lets its container be seen."""
    return permission.value in granted or (permission == Permission.VIEW and bool(granted))


def granted_to(actor: Actor, container: Container) -> list[str]:
    """The permissions that the user was granted; `find` has read them with the container."""
    if hasattr(container, "granted"):
        return container.granted or []
    return (
        Grant.objects.filter(container=container, user=actor.user).values_list("permissions", flat=True).first() or []
    )


def with_grants(actor: Actor, containers: QuerySet[Container]) -> QuerySet[Container]:
    """Containers with their owner and what the actor was granted on each, so that `may` has nothing more to ask."""
    containers = containers.select_related("owner")
    if actor.user.is_superuser:
        return containers
    mine = FilteredRelation("grants", condition=Q(grants__user=actor.user))
    return containers.annotate(mine=mine, granted=F("mine__permissions"))


def grants_of(actor: Actor) -> QuerySet[Grant]:
    """Those of each container that a query is about."""
    return Grant.objects.filter(container=OuterRef("pk"), user=actor.user)


def find(actor: Actor, internal_id: str, permission: Permission) -> Container:
    """The container called `internal_id`, in one query.

    Raises:
        NotFound: there is none that the actor may see.
        Forbidden: the actor sees it, but lacks `permission` on it.
    """
    found = with_grants(actor, Container.objects.filter(internal_id=internal_id)).order_by()
    container = next(iter(found), None)
    if container is None or not may(actor, Permission.VIEW, container):
        raise NotFound("Container not found")
    if not may(actor, permission, container):
        raise Forbidden(f"You may not do this to the container: {permission.value} is needed")
    return container


def locked(container: Container) -> Container:
    """The row as it is now, which no other request changes until the caller's transaction ends: what is checked here
    stays true.

    Raises:
        NotFound: it was deleted meanwhile.
    """
    row = Container.objects.select_for_update().filter(pk=container.pk).first()
    if row is None:
        raise NotFound("Container not found")
    return row


class Claim(NamedTuple):
    """What a connection that stays open was let in for."""

    user_id: int
    container_id: UUID
    permission: Permission
    as_administrator: bool = False  # the user was one then, and what the connection asks for is decided by that


def still(claims: Collection[Claim]) -> set[Claim]:
    """Those of the claims that hold as `has` says: in three queries, however many there are. Who came as an
    administrator and is none any more holds nothing, and comes again as what they are. Of a container that was deleted
    there is nothing left to keep anyone from."""
    users = dict(
        User.objects.filter(pk__in={claim.user_id for claim in claims}, is_active=True).values_list(
            "pk", "is_superuser"
        )
    )
    ids = {claim.container_id for claim in claims}
    owners = dict(Container.objects.filter(pk__in=ids).values_list("pk", "owner_id"))
    grants = Grant.objects.filter(container__in=ids, user__in=users).values_list(
        "user_id", "container_id", "permissions"
    )
    granted = {(user, container): permissions for user, container, permissions in grants}

    def holds(claim: Claim) -> bool:
        user, container, permission, as_administrator = claim
        if user not in users or (as_administrator and not users[user]):
            return False
        if users[user] or owners.get(container, user) == user:
            return True
        return includes(granted.get((user, container), ()), permission)

    return {claim for claim in claims if holds(claim)}
