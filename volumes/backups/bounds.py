"""How many backups there may be, and how large all of one user's: nobody is to fill the host's disk with them."""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.db.models.functions import Greatest

from accounts.models import User
from rules.errors import Conflict, OutOfSpace
from volumes.backups import retention
from volumes.backups.models import Backup, BackupSchedule
from volumes.models import Volume

# Of a volume. A restore that succeeds leaves one; each that fails, one more: nobody knows which of them is wanted back.
MOST_SAFETY_COPIES = 5
# Bytes that each backup counts with at least: so they are not without number where there is nothing in them.
SMALLEST = 1 << 20


def refuse_one_more(volume: Volume, schedule: BackupSchedule | None = None) -> None:
    """Raise Conflict if the volume has all the backups that it may have. The caller has locked the volume.

    Those that go as soon as this one is good do not count, nor does a safety copy that nobody has locked.
    """
    going = retention.superseded(schedule, more=1).count() if schedule else 0
    if counted(volume).count() - going >= settings.BACKUPS_PER_VOLUME:
        most = settings.BACKUPS_PER_VOLUME
        raise Conflict(f"The volume has as many backups as it may have, {most}; delete one first")


def refuse_one_more_safety_copy(volume: Volume) -> None:
    """Raise Conflict if restores have left as many as they may. The caller has locked the volume."""
    if _kept(volume).filter(is_safety_copy=True, locked=False).count() >= MOST_SAFETY_COPIES:
        most = MOST_SAFETY_COPIES
        raise Conflict(f"Restores that failed have left {most} safety copies of the volume; delete one first")


def counted(volume: Volume) -> QuerySet[Backup]:
    """Those that count against what a volume may have."""
    return _kept(volume).exclude(is_safety_copy=True, locked=False)


def _kept(volume: Volume) -> QuerySet[Backup]:
    return volume.backups.filter(status__in=(Backup.Status.MAKING, Backup.Status.GOOD))


def room_of(owner: User) -> int | None:
    """Bytes that further backups of the owner's volumes may have; None: any number."""
    if owner.is_superuser:
        return None
    good = Backup.objects.filter(owner=owner, status=Backup.Status.GOOD)
    taken = good.aggregate(total=Sum(Greatest("size", SMALLEST)))["total"] or 0
    return max(0, (settings.BACKUPS_USER_MB << 20) - taken)


def refuse_beyond(room: int | None, size: int) -> None:
    if room is not None and size > room:
        raise OutOfSpace(
            f"The backups of one user's volumes may have {settings.BACKUPS_USER_MB} MB together; delete some first"
        )
