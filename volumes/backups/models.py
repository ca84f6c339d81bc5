"""The rows: what was put aside of a volume, and when that is done by itself."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

LONGEST_NAME = 100
LONGEST_CRON = 100
LONGEST_TIME_ZONE = 64


class Backup(models.Model):
    """All that was in a volume, as one archive in a store. It outlives the volume.

    It is `good` from the moment that all of it is in the store; before that nothing of it can be had.
    """

    class Status(models.TextChoices):
        MAKING = "making"
        GOOD = "good"
        FAILED = "failed"
        DELETING = "deleting"  # is no more for anyone; a worker removes it from its store

    class Store(models.TextChoices):
        LOCAL = "local"
        S3 = "s3"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    volume = models.ForeignKey(
        "volumes.Volume", on_delete=models.SET_NULL, null=True, blank=True, related_name="backups"
    )
    of_volume = models.UUIDField(help_text="The volume's id, also when it is gone.")
    quota_mb = models.PositiveIntegerField(null=True, blank=True, help_text="The volume's, when it was made.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="backups",
        help_text="Whose it is when the volume is gone.",
    )
    name = models.CharField(max_length=LONGEST_NAME)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.MAKING)
    store = models.CharField(max_length=5, choices=Store.choices)
    file = models.CharField(max_length=100, blank=True, help_text="What the store calls it.")
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(null=True, blank=True, help_text="Bytes.")
    entries = models.PositiveIntegerField(null=True, blank=True, help_text="Files, folders and links.")
    left_out = models.PositiveIntegerField(
        default=0, help_text="Entries that no archive can have, and those that were gone when their turn came."
    )
    locked = models.BooleanField(default=False)
    is_safety_copy = models.BooleanField(default=False, help_text="Made because another one was about to be restored.")
    schedule = models.ForeignKey(
        "volumes.BackupSchedule", on_delete=models.SET_NULL, null=True, blank=True, related_name="backups"
    )
    operation = models.ForeignKey(
        "volumes.Operation", on_delete=models.SET_NULL, null=True, blank=True, related_name="backups"
    )
    leftovers = models.BooleanField(default=True, help_text="Its store may hold something of it that is not it.")
    error = models.TextField(blank=True)
    actor = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["volume", "-created_at"], name="backups_of_a_volume"),
            models.Index(fields=["owner", "-created_at"], name="backups_of_an_owner"),
            models.Index(
                fields=["status"],
                condition=models.Q(status__in=["making", "deleting"]) | models.Q(leftovers=True),
                name="backups_unsettled",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status="good")
                | (~models.Q(file="") & ~models.Q(sha256="") & models.Q(size__isnull=False)),
                name="good_backup_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_good(self) -> bool:
        return self.status == self.Status.GOOD


class BackupSchedule(models.Model):
    """When backups of a volume are made by themselves, and how many of them stay."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    volume = models.ForeignKey("volumes.Volume", on_delete=models.CASCADE, related_name="backup_schedules")
    cron = models.CharField(max_length=LONGEST_CRON)
    time_zone = models.CharField(max_length=LONGEST_TIME_ZONE, default="UTC")
    keep = models.PositiveSmallIntegerField(help_text="The newest good ones that stay; locked ones stay in any case.")
    enabled = models.BooleanField(default=True)
    next_at = models.DateTimeField(null=True, blank=True)
    actor = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(next_at__isnull=False), name="backup_schedules_due")
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(keep__gt=0), name="backup_schedule_keeps_one"),
        ]

    def __str__(self) -> str:
        return f"{self.cron} ({self.time_zone})"
