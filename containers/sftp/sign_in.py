"""Who knocks at SFTP's door: a name with a password or a key, checked as at the sign-in of the site."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password

from accounts import audit, throttle
from accounts.actor import Actor, Via
from accounts.permissions import Permission
from containers.access import find, may
from containers.models import SftpAccess
from rules.errors import Unauthenticated

log = logging.getLogger(__name__)

WRONG = "The username or the password is wrong"


@dataclass(frozen=True)
class Guest:
    """Who is let in, by what, and to the files of which container."""

    username: str  # of SFTP's
    actor: Actor
    access_id: int
    proof: str | UUID  # the hash of the password, or the key's id
    container_id: UUID
    internal_id: str
    volume_id: str
    may_write: bool


def by_password(username: str, password: str, address: str) -> Guest:
    """Whose name and password these are.

    Raises:
        TooMany: the name, or the address, failed too often of late.
        LightdError: it is not to be let in; the client is not told why.
    """
    # Apart from the account's own password: who guesses here locks nobody out there.
    with throttle.attempt(throttle.attempts_from(address), throttle.passwords_of(f"sftp {username}")):
        access = _named(username)
        if access is None or not access.password:
            make_password(password)  # takes as long as looking at it would
        if access is None or not check_password(password, access.password):
            log.warning("sftp sign-in failed", extra={"fields": {"address": address}})
            audit.record_not_let_in(Via.SFTP, address, access.user if access else None, WRONG)
            raise Unauthenticated(WRONG)
        return _admit(access, address, access.password)


def by_key(username: str, fingerprint: str, address: str) -> Guest:
    """Whose name and key these are. Not throttled: a key cannot be guessed, and clients offer all that they have."""
    access = _named(username)
    key = access.keys.filter(fingerprint=fingerprint).first() if access else None
    if access is None or key is None:
        raise Unauthenticated("The username or the key is wrong")
    return _admit(access, address, key.pk)


def _named(username: str) -> SftpAccess | None:
    return SftpAccess.objects.select_related("user", "container").filter(username=username).first()


def _admit(access: SftpAccess, address: str, proof: str | UUID) -> Guest:
    if not access.user.is_active:
        raise Unauthenticated("The account is inactive")
    actor = Actor(access.user, via=Via.SFTP, address=address)
    container = find(actor, access.container.internal_id, Permission.FILES_READ)
    return Guest(
        username=access.username,
        actor=actor,
        access_id=access.pk,
        proof=proof,
        container_id=container.pk,
        internal_id=container.internal_id,
        volume_id=str(container.volume_id),
        may_write=may(actor, Permission.FILES_WRITE, container),
    )
