"""Sharing a container: single permissions on it, given to another user and taken back."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.actor import Actor
from accounts.models import User
from accounts.permissions import OF_A_CONTAINER, Permission
from containers.access import find, may
from containers.models import Container, Grant
from rules.errors import Forbidden, Invalid, NotFound


def on(actor: Actor, internal_id: str) -> QuerySet[Grant]:
    """What was granted on the container, and to whom."""
    return find(actor, internal_id, Permission.SHARE).grants.select_related("user")


@audit.attempt("grant.give")
def give(actor: Actor, internal_id: str, username: str, permissions: Collection[Permission]) -> Grant:
    """Let another user have exactly these permissions on the container.

    Raises:
        Invalid: the container is that user's own, or there is none of that name.
        Forbidden: a permission that the actor does not have.
    """
    container = find(actor, internal_id, Permission.SHARE)
    for permission in permissions:
        refuse_beyond(actor, container, permission)
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise Invalid.named("username", "There is no such user")
    if user.pk == container.owner_id:
        raise Invalid.named("username", "This user owns the container")
    with transaction.atomic():
        before = Grant.objects.select_for_update().filter(container=container, user=user).first()
        if before:
            refuse_to_curtail(actor, container, before)
        grant, _ = Grant.objects.update_or_create(
            container=container, user=user, defaults={"permissions": sorted({each.value for each in permissions})}
        )
        audit.record(
            actor,
            container,
            before={username: before.permissions if before else []},
            after={username: grant.permissions},
        )
    return grant


@audit.attempt("grant.take_back")
def take_back(actor: Actor, internal_id: str, username: str) -> None:
    """End all that a user was granted on the container; consoles that it opened are closed."""
    container = find(actor, internal_id, Permission.SHARE)
    with transaction.atomic():
        grant = Grant.objects.select_for_update().filter(container=container, user__username=username).first()
        if grant is None:
            raise NotFound("Grant not found")
        refuse_to_curtail(actor, container, grant)
        audit.record(actor, container, before={username: grant.permissions}, after={username: []})
        grant.delete()


def refuse_beyond(actor: Actor, container: Container, permission: Permission) -> None:
    """Nobody gives what they do not have."""
    if permission not in OF_A_CONTAINER:
        raise Invalid(f"permissions: {permission.value} is not about one container")
    if not may(actor, permission, container):
        raise Forbidden(f"You may not share what you do not have: {permission.value}")


def refuse_to_curtail(actor: Actor, container: Container, grant: Grant) -> None:
    """Nor takes it from who has more than they have."""
    for permission in grant.permissions:
        if not may(actor, Permission(permission), container):
            raise Forbidden(f"{grant.user} has more on the container than you: {permission}")
