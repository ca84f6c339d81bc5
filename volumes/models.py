"""What outlives its containers, and what takes longer to do in them than a request."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from rules.units import MIB
from volumes.backups.models import Backup, BackupSchedule
from work.models import Work

__all__ = ["SHORT", "Backup", "BackupSchedule", "Operation", "Volume"]

SHORT = 8  # characters of an id: as many as tell one person's volumes apart


class Volume(models.Model):
    """Files that outlive the containers that use them: what is in `volumes/<id>` below the storage root.

    `quota_mb` is its size in MiB (None: no limit), `measured_at` when `measured_bytes` was counted (None: never yet).
    """

    class Storage(models.TextChoices):
        """What is behind the directory: a file system of its own, whose size the kernel holds, or nothing."""

        IMAGE = "image"
        DIRECTORY = "directory"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="volumes")
    quota_mb = models.PositiveIntegerField(null=True, blank=True)
    storage = models.CharField(max_length=9, choices=Storage.choices, default=Storage.DIRECTORY, editable=False)
    measured_bytes = models.BigIntegerField(
        null=True, editable=False, help_text="What is in a directory, as last counted; of an image the kernel knows."
    )
    measured_at = models.DateTimeField(null=True, editable=False)  # by who asked, as far as that was quick
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["owner", "created_at"], name="volumes_of_an_owner")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quota_mb=None) | models.Q(quota_mb__gt=0), name="volume_quota_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(storage="directory") | models.Q(quota_mb__isnull=False), name="volume_image_has_size"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_image(self) -> bool:
        """Whether it is a file system of its own, whose size the kernel holds."""
        return self.storage == self.Storage.IMAGE

    @property
    def limit(self) -> int | None:
        """Bytes that it may hold; None: as much as the disk has."""
        return self.quota_mb and self.quota_mb * MIB

    @property
    def short(self) -> str:
        """What people call it."""
        return str(self.id)[:SHORT]


class Operation(Work):
    """What a worker does out of sight: an archive or a backup made or unpacked, a volume that gets another size.

    A lease that ran out, whatever the status, means that a worker is gone and has cleared nothing away.

    `args` is what was asked, by kind. COMPRESS: `format, archive_path, paths`. DECOMPRESS: `archive_path,
    destination, overwrite`. RESIZE: `size, before` (MiB), `copies`. BACKUP: `backup` (its id). RESTORE: `backup,
    safety_copy` (ids). `result` is what came of it, or how far it is: `size` (bytes), `left_out, left_out_count`; of a
    RESTORE its `step`.
    """

    class Kind(models.TextChoices):
        COMPRESS = "compress"
        DECOMPRESS = "decompress"
        RESIZE = "resize"
        BACKUP = "backup"
        RESTORE = "restore"

    # What the file manager shows; the others are shown where they are asked for.
    OF_ARCHIVES = (Kind.COMPRESS, Kind.DECOMPRESS)

    volume = models.ForeignKey(Volume, on_delete=models.CASCADE, related_name="operations")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    args: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    result: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    publishing = models.CharField(
        max_length=64, blank=True, help_text="The draft in which all is made, and which only has to be moved: for good."
    )
    total_bytes = models.BigIntegerField(null=True, blank=True, help_text="Of the files, or of the archive unpacked.")
    done_bytes = models.BigIntegerField(default=0)
    entries = models.PositiveIntegerField(default=0, help_text="Files, folders and links so far.")
    error_status = models.PositiveSmallIntegerField(default=500, help_text="Of the answer that says the error.")

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["volume", "-created_at"], name="operations_of_a_volume"),
            models.Index(fields=["status", "queued_at"], name="operation_unfinished"),
            models.Index(
                fields=["lease_until"], condition=models.Q(lease_until__isnull=False), name="operation_leased"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
