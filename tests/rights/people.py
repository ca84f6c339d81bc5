"""Everyone who may knock at a door, and what they may do: the columns of the matrix."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from accounts import tokens
from accounts.models import ApiToken, User
from accounts.permissions import OF_A_CONTAINER, SITE_WIDE, Permission
from containers.models import Container, Grant
from ports import pool
from tests.people import container_of
from volumes.models import Backup

CONTAINER = "web-1"
VOLUME = "550e8400-e29b-41d4-a716-446655440000"
BACKUP = "7a1c2f0e-3d4b-4c5d-8e6f-9a0b1c2d3e4f"
BACKUP_OF_WHAT_IS_GONE = "9d3b5a1c-8f2e-4b7a-9c6d-0e1f2a3b4c5d"
EVERYTHING = frozenset(Permission)
USER = EVERYTHING - {Permission.PORTS, Permission.ADMIN}
NOBODY: frozenset[Permission] = frozenset()
HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Caller:
    """Someone at the door. What they may do to the container and to the site; whether they are known at all."""

    name: str
    secret: str
    known: bool = True
    on_container: frozenset[Permission] = NOBODY
    on_site: frozenset[Permission] = NOBODY
    owns: bool = False

    def may(self, permission: Permission) -> bool:
        return permission in (self.on_site if permission in SITE_WIDE else self.on_container)

    @property
    def sees(self) -> bool:
        return Permission.VIEW in self.on_container

    @property
    def sees_volume(self) -> bool:
        """As the container's, or in the list of volumes."""
        return self.sees or self.sees_own

    @property
    def sees_own(self) -> bool:
        """What is `owner`'s, in the lists of volumes and of backups."""
        return self.owns and Permission.VOLUMES in self.on_site


def with_view(*permissions: Permission) -> frozenset[Permission]:
    """Any permission on a container includes seeing it."""
    of_a_container = frozenset(permissions) & OF_A_CONTAINER
    return of_a_container | ({Permission.VIEW} if of_a_container else NOBODY)


def everyone() -> Iterator[Caller]:
    """Makes a container of `owner`'s, backups of their volumes, and all callers."""
    owner, stranger = User.objects.create_user("owner"), User.objects.create_user("stranger")
    administrator = User.objects.create_superuser("administrator")
    User.objects.create_user("dave")
    container = container_of(owner, CONTAINER, VOLUME)
    pool.add("0.0.0.0", 25565, "tcp")
    for pk, volume in ((BACKUP, container.volume), (BACKUP_OF_WHAT_IS_GONE, None)):
        Backup.objects.create(pk=pk, volume=volume, of_volume=VOLUME, owner=owner, name="backup", store="local")

    yield Caller("anonymous", "", known=False)
    yield Caller("nonsense", f"lightd_{'0' * 40}", known=False)
    yield from the_dead(owner)
    yield Caller("stranger", secret(stranger), on_site=USER)
    yield Caller("owner", secret(owner), on_container=OF_A_CONTAINER, on_site=USER, owns=True)
    yield Caller("administrator", secret(administrator), on_container=OF_A_CONTAINER, on_site=EVERYTHING, owns=True)
    for permission in sorted(OF_A_CONTAINER):
        user = granted(container, permission)
        yield Caller(f"granted {permission}", secret(user), on_container=with_view(permission), on_site=USER)
    for permission in sorted(EVERYTHING):
        limited = secret(administrator, scopes=[permission])
        everything = permission == Permission.ADMIN
        yield Caller(
            f"administrator's token for {permission}",
            limited,
            on_container=OF_A_CONTAINER if everything else with_view(permission),
            on_site=EVERYTHING if everything else frozenset({permission} & SITE_WIDE),
            owns=True,
        )
    yield Caller("token for it alone", secret(owner, containers=[CONTAINER]), on_container=OF_A_CONTAINER)
    yield Caller("token for another", secret(owner, containers=["web-2"]))
    yield Caller(
        "single use, the first time",
        secret(owner, remove_on_use=True),
        on_container=OF_A_CONTAINER,
        on_site=USER,
        owns=True,
    )


def the_dead(owner: User) -> Iterator[Caller]:
    """Tokens that open nothing any more, or never did here."""
    yield Caller("expired", secret(owner, lifetime=-HOUR), known=False)
    revoked, revoked_secret = tokens.issue(owner)
    revoked.delete()
    yield Caller("revoked", revoked_secret, known=False)
    used = secret(owner, remove_on_use=True)
    tokens.authenticate(used)
    yield Caller("single use, the second time", used, known=False)
    gone = User.objects.create_user("gone", is_active=False)
    yield Caller("of a user made inactive", secret(gone), known=False)


def secret(owner: User, **token: Any) -> str:
    return tokens.issue(owner, **token)[1]


def console_secret(owner: User) -> str:
    """Of a token that opens consoles and nothing else."""
    scopes = [Permission.CONSOLE_READ.value]
    return secret(owner, scopes=scopes, containers=[CONTAINER], purpose=ApiToken.Purpose.CONSOLE)


def granted(container: Container, permission: Permission) -> User:
    user = User.objects.create_user(f"granted-{permission.value}")
    Grant.objects.create(container=container, user=user, permissions=[permission.value])
    return user
