"""Tokens that open one container's console for a while, for a page that is not ours to show it."""

from __future__ import annotations

import datetime as dt

from accounts import tokens
from accounts.actor import Actor
from accounts.models import ApiToken
from accounts.permissions import Permission
from containers.access import find
from rules.errors import Invalid

LONGEST = dt.timedelta(hours=1)


def issue(actor: Actor, internal_id: str, *, lifetime: dt.timedelta, write: bool, origin: str) -> tuple[ApiToken, str]:
    """A token for the socket of this container alone, and its secret.

    Args:
        write: whether it may also type; otherwise it may only look on.
        origin: the page (`https://shop.example`) that may use it, beside those that the site itself trusts.

    Raises:
        Forbidden: the actor lacks a permission that the token would have, or the token would outlive the actor's own.
    """
    if lifetime > LONGEST:
        raise Invalid("ttl must be at most 1h", {"ttl": ["Must be at most 1h."]})
    permissions = [Permission.CONSOLE_READ, *([Permission.CONSOLE_WRITE] if write else [])]
    for permission in permissions:
        container = find(actor, internal_id, permission)
    return tokens.issue_for(
        actor,
        name=f"console of {container}",
        lifetime=lifetime,
        scopes=[permission.value for permission in permissions],
        containers=[container.internal_id],
        purpose=ApiToken.Purpose.CONSOLE,
        origin=origin,
    )
