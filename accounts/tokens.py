"""API tokens: made, checked, used up, narrowed."""

import datetime as dt
import hashlib
import hmac
import re
import secrets
import string
import uuid
from collections.abc import Collection
from typing import TypedDict, Unpack

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import audit, users
from accounts.actor import Actor
from accounts.models import ApiToken, User
from accounts.permissions import Permission
from rules.errors import Conflict, Forbidden, Invalid, Unauthenticated
from rules.rows import by_id

MARK = "lightd_"
_ALPHABET = string.ascii_letters + string.digits
_RANDOM_LENGTH = 40  # 238 bits
_PREFIX_LENGTH = len(MARK) + 8

LONGEST_LIFETIME = dt.timedelta(days=3650)
_TTL = re.compile(r"([0-9]{1,9})([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

MOST = 1000  # tokens of a user

# Dead rows are kept for a while, so that their owner reads why and not just "Invalid token"; when many, for less.
_DEAD_KEPT = (dt.timedelta(days=7), dt.timedelta(minutes=1))


def parse_ttl(text: str) -> dt.timedelta:
    """`30s`, `15m`, `1h`, `7d` as a time span, from a second to ten years."""
    match = _TTL.fullmatch(text)
    if not match:
        raise Invalid.at("ttl", "ttl must be a number and a unit, such as 30s, 15m, 1h or 7d")
    # Nine digits of days still fit a timedelta.
    span = dt.timedelta(**{_UNITS[match[2]]: int(match[1])})
    if not dt.timedelta(0) < span <= LONGEST_LIFETIME:
        raise Invalid.at("ttl", "ttl must be from 1s to 3650d")
    return span


class Wanted(TypedDict, total=False):
    """What a new token is to be. Left out: an API token for all that its owner may do, until it is revoked."""

    name: str
    lifetime: dt.timedelta | None
    remove_on_use: bool
    scopes: Collection[str]
    containers: Collection[str]
    purpose: ApiToken.Purpose
    origin: str


@transaction.atomic
def issue(owner: User, **wanted: Unpack[Wanted]) -> tuple[ApiToken, str]:
    """Make a token; the secret returned with it is not stored and can't be shown again.

    Raises:
        Conflict: the owner has too many.
    """
    _make_room(owner)
    secret = MARK + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    lifetime = wanted.get("lifetime")
    token = ApiToken.objects.create(
        owner=owner,
        name=wanted.get("name", ""),
        prefix=secret[:_PREFIX_LENGTH],
        digest=_digest(secret),
        scopes=sorted(set(wanted.get("scopes", ()))),
        containers=sorted(set(wanted.get("containers", ()))),
        remove_on_use=wanted.get("remove_on_use", False),
        expires_at=timezone.now() + lifetime if lifetime is not None else None,
        purpose=wanted.get("purpose", ApiToken.Purpose.API),
        origin=wanted.get("origin", ""),
    )
    return token, secret


@audit.attempt("token.create", lambda **wanted: wanted.get("name", ""))
def issue_for(actor: Actor, **wanted: Unpack[Wanted]) -> tuple[ApiToken, str]:
    """`issue` to the actor; a token only begets tokens that can do no more than itself.

    Raises:
        Forbidden: it would do more.
    """
    if actor.token is not None:
        _require_narrower(actor.token, wanted)
    with transaction.atomic():
        token, secret = issue(actor.user, **wanted)
        after = {"scopes": token.scopes, "containers": token.containers, "purpose": token.purpose}
        audit.record(actor, token, after=after)
    return token, secret


def of(actor: Actor) -> QuerySet[ApiToken]:
    """The actor's tokens; one that is limited in anything sees itself alone."""
    own = ApiToken.objects.filter(owner=actor.user)
    if actor.token is not None and (actor.token.scopes or actor.token.containers):
        return own.filter(pk=actor.token.pk)
    return own


@audit.attempt("token.revoke", lambda token_id: token_id)
def revoke(actor: Actor, token_id: str) -> None:
    """Delete one of `of(actor)`. Raises NotFound."""
    with transaction.atomic():
        token = by_id(of(actor), token_id, "Token")
        audit.record(actor, token)
        token.delete()


def authenticate(
    secret: str, purposes: Collection[ApiToken.Purpose] = (ApiToken.Purpose.API,), address: str = ""
) -> ApiToken:
    """The token of this secret, with its owner; a single-use one is used up by this call.

    Args:
        purposes: what it may be for; a token of any other is not taken.
        address: where it is used from, for its owner to see.

    Raises:
        Unauthenticated: there is none, it has expired or is used up, or its owner is not active.
    """
    token = _find(secret)
    now = timezone.now()
    if token is None or token.purpose not in purposes or not token.owner.is_active:
        raise Unauthenticated("Invalid token")
    if token.has_expired_at(now):
        raise Unauthenticated("Token has expired")
    if token.remove_on_use:
        _use_up(token, now, address)
    else:
        _note_use(token, now, address)
    return token


def opens_from(secret: str, origin: str) -> bool:
    """Whether this is the secret of a console token that was made for pages of `origin`. Uses nothing up."""
    token = _find(secret) if origin else None
    return token is not None and token.purpose == ApiToken.Purpose.CONSOLE and token.origin == origin


def alive(token_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the tokens that what was opened with them may stay open for: not revoked, not expired.

    A used-up single-use token is alive for the one connection that used it.
    """
    known = ApiToken.objects.filter(pk__in=token_ids, owner__is_active=True)
    return set(known.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now())).values_list("pk", flat=True))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _find(secret: str) -> ApiToken | None:
    if not secret.startswith(MARK) or not secret.isascii() or not secret.isprintable():
        return None
    digest = _digest(secret)
    candidates = ApiToken.objects.select_related("owner").filter(prefix=secret[:_PREFIX_LENGTH]).order_by()
    for token in candidates:
        if hmac.compare_digest(token.digest, digest):
            return token
    return None


def _use_up(token: ApiToken, now: dt.datetime, address: str) -> None:
    unused = ApiToken.objects.filter(pk=token.pk, used_at=None)
    if not unused.update(used_at=now, last_used_at=now, last_used_from=address or None):
        raise Unauthenticated("Token has already been used")
    token.used_at = token.last_used_at = now


def _note_use(token: ApiToken, now: dt.datetime, address: str) -> None:
    a_minute_ago = now - dt.timedelta(minutes=1)
    if token.last_used_at is not None and token.last_used_at > a_minute_ago:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=a_minute_ago)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now, last_used_from=address or None)


def _make_room(owner: User) -> None:
    users.locked(owner.pk)  # of two that would each be the last, only one comes through
    tokens = ApiToken.objects.filter(owner=owner)
    for kept in _DEAD_KEPT:
        long_ago = timezone.now() - kept
        tokens.filter(Q(expires_at__lt=long_ago) | Q(used_at__lt=long_ago)).delete()
        if tokens.count() < MOST:
            return
    raise Conflict(f"You already have {MOST} tokens, which is the most: revoke some first")


def _require_narrower(parent: ApiToken, wanted: Wanted) -> None:
    lifetime = wanted.get("lifetime")
    if parent.remove_on_use:
        raise Forbidden("A single-use token cannot create tokens")
    if parent.expires_at is not None and (lifetime is None or timezone.now() + lifetime > parent.expires_at):
        raise Forbidden("The new token would outlive the one that creates it")
    if not _is_within(wanted.get("scopes", ()), parent.scopes) and Permission.ADMIN.value not in parent.scopes:
        raise Forbidden("The new token would have more scopes than the one that creates it")
    if not _is_within(wanted.get("containers", ()), parent.containers):
        raise Forbidden("The new token would reach more containers than the one that creates it")


def _is_within(wanted: Collection[str], limit: Collection[str]) -> bool:
    """Whether `wanted` is no more than `limit`, where empty means everything."""
    return not limit or (bool(wanted) and set(wanted) <= set(limit))
