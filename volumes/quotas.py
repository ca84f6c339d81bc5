"""How many volumes one user may have, and how much disk they may be given together."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Sum

from accounts import users
from accounts.models import User
from rules.errors import Forbidden
from volumes.models import Operation, Volume


@dataclass(frozen=True)
class Given:
    """What a user's volumes are together."""

    volumes: int
    megabytes: int


def given_to(owner: User) -> Given:
    """What counts against the owner's quota. One query."""
    sums = Volume.objects.filter(owner=owner).aggregate(number=Count("pk"), megabytes=Sum("quota_mb"))
    return Given(sums["number"], sums["megabytes"] or 0)


def give_back(operation: Operation) -> None:
    """Of a resize that is given up: what its volume was given for it."""
    args = operation.args
    Volume.objects.filter(pk=operation.volume_id, quota_mb=args["size"]).update(quota_mb=args["before"])


def refuse_one_more(volume: Volume) -> None:
    """`refuse_beyond`, and the same if there are more of them than the owner's quota."""
    owner, given = _given(volume)
    _refuse_disk(owner, given)
    if not owner.is_superuser and owner.max_volumes is not None and given.volumes > owner.max_volumes:
        raise Forbidden(f"The quota of volumes is {owner.max_volumes}, and this would make it {given.volumes}")


def refuse_beyond(volume: Volume) -> None:
    """Raise `Forbidden` if its owner's volumes, this one included, are given more disk than the owner's quota.

    The caller has made the row in a transaction, and rolls it back on an error.
    """
    _refuse_disk(*_given(volume))


def _given(volume: Volume) -> tuple[User, Given]:
    """The owner, and what they are given with this volume. The owner's row is locked first: of two volumes that would
    each be the last, only one comes through."""
    owner = users.locked(volume.owner_id)
    return owner, given_to(owner)


def _refuse_disk(owner: User, given: Given) -> None:
    if not owner.is_superuser and owner.max_disk_mb is not None and given.megabytes > owner.max_disk_mb:
        raise Forbidden(f"The quota of disk is {owner.max_disk_mb} MB, and this would make it {given.megabytes} MB")
