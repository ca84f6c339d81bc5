"""What opens SFTP to a container's files: everybody's own name, password and keys, made and taken away."""

from __future__ import annotations

import re
import secrets
from functools import partial

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.actor import Actor
from accounts.models import User
from accounts.permissions import Permission, allows
from containers.access import find
from containers.models import Container, SftpAccess, SftpKey
from containers.sftp import keys
from rules.errors import Conflict, Forbidden, Invalid, NotFound
from rules.rows import by_id

# ASCII: what clients send of other letters depends on the client.
USERNAME_PATTERN = r"^[a-zA-Z0-9][a-zA-Z0-9_.@+-]{0,99}\Z"
PASSWORD_PATTERN = r"^[!-~]{1,128}\Z"  # noqa: S105 - what may be in one
MOST_KEYS = 20

_RANDOM = 18  # bytes of a password that we make
_NOT_IN_USERNAME = re.compile(r"[^a-zA-Z0-9_.@+-]")


def show(actor: Actor, internal_id: str) -> SftpAccess:
    """The actor's own."""
    container = container_for(actor, internal_id)
    access = own(actor.user, container).first()
    if access is None:
        raise NotFound("SFTP credentials not found")
    return access


@audit.attempt("sftp.credentials")
def make(actor: Actor, internal_id: str, username: str = "", password: str | None = None) -> tuple[SftpAccess, str]:
    """A password for the actor, in the place of the one before, whose connections end; shown by this once.

    Args:
        username: empty: the one there is already, or `alice.my-server-001`.
        password: without one, a random one.
    """
    container = container_for(actor, internal_id)
    refuse_narrow(actor)
    refuse_guessable(actor.user, password)
    password = password or secrets.token_urlsafe(_RANDOM)
    with transaction.atomic():
        access = obtain(actor.user, container)
        access.username = username or access.username
        access.password = make_password(password)
        save(access)
        audit.record(actor, container, after={"username": access.username})
    return access, password


@audit.attempt("sftp.end")
def end(actor: Actor, internal_id: str) -> None:
    """Take the actor's name, password and keys away; what is connected with them is ended."""
    access = show(actor, internal_id)
    with transaction.atomic():
        audit.record(actor, access.container, before={"username": access.username})
        access.delete()


def keys_of(actor: Actor, internal_id: str) -> QuerySet[SftpKey]:
    """The actor's own."""
    return SftpKey.objects.filter(access__in=own(actor.user, container_for(actor, internal_id)))


@audit.attempt("sftp.key_add")
def add_key(actor: Actor, internal_id: str, public_key: str, name: str = "") -> SftpKey:
    """Let a key in, beside the password, if there is one."""
    container = container_for(actor, internal_id)
    refuse_narrow(actor)
    key = keys.parse(public_key)
    with transaction.atomic():
        access = obtain(actor.user, container)
        SftpAccess.objects.select_for_update().get(pk=access.pk)  # two at once would both be the last that may be
        if access.keys.count() >= MOST_KEYS:
            raise Conflict(f"You already have {MOST_KEYS} keys, which is the most")
        if access.keys.filter(fingerprint=key.fingerprint).exists():
            raise Conflict("This key is there already")
        audit.record(actor, container, after={"fingerprint": key.fingerprint})
        return SftpKey.objects.create(
            access=access, name=name or key.comment[:100], kind=key.kind, fingerprint=key.fingerprint
        )


@audit.attempt("sftp.key_remove")
def remove_key(actor: Actor, internal_id: str, key_id: str) -> None:
    """Let a key in no longer; what is connected with it is ended."""
    key = by_id(keys_of(actor, internal_id).select_related("access__container"), key_id, "Key")
    with transaction.atomic():
        audit.record(actor, key.access.container, before={"fingerprint": key.fingerprint})
        key.delete()


def container_for(actor: Actor, internal_id: str) -> Container:
    """The container whose files the actor may read: without that nobody gets far by SFTP."""
    container = find(actor, internal_id, Permission.FILES_READ)
    if reason := why_off():
        raise Conflict(reason)
    return container


def why_off() -> str:
    """Why nobody gets at files by SFTP; empty if they do."""
    return "" if settings.SFTP_PORT else "SFTP is turned off on this server"


def own(user: User, container: Container) -> QuerySet[SftpAccess]:
    return SftpAccess.objects.select_related("container").filter(user=user, container=container)


def obtain(user: User, container: Container) -> SftpAccess:
    """The user's access. A new one is called `alice.my-server-001`, and nothing opens it."""
    name = f"{_NOT_IN_USERNAME.sub('', user.username) or user.pk}.{container.internal_id}"
    access = partial(SftpAccess.objects.get_or_create, user=user, container=container)
    try:
        return access(defaults={"username": name})[0]
    except IntegrityError:  # taken: `a.b` and `c` make what `a` and `b.c` do
        return access(defaults={"username": f"{name}.{secrets.token_hex(3)}"})[0]


def save(access: SftpAccess) -> None:
    """Write it. Raises Conflict when somebody else has its username."""
    try:
        with transaction.atomic():
            access.save()
    except IntegrityError:
        raise Conflict(f"The SFTP username is taken: {access.username}") from None


def refuse_narrow(actor: Actor) -> None:
    """What opens SFTP lasts, and does all that its user may do to files: no token makes more than it is itself."""
    token = actor.token
    if token is None:
        return
    if token.remove_on_use:
        raise Forbidden("A single-use token cannot make SFTP credentials")
    if token.expires_at is not None:
        raise Forbidden("The credentials would outlive the token that makes them")
    if not (allows(actor, Permission.FILES_READ) and allows(actor, Permission.FILES_WRITE)):
        raise Forbidden("The credentials would do more than the token that makes them")


def refuse_guessable(user: User, password: str | None) -> None:
    """The rules of an account's password; one that we make needs none."""
    try:
        if password:
            validate_password(password, user)
    except ValidationError as error:
        raise Invalid(f"password: {error.messages[0]}", {"password": error.messages}) from None
