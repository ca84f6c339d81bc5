"""The columns of what a worker does."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone


class Work(models.Model):
    """What a worker does. The row is the work; what lies in the broker only carries its id.

    A worker holds a lease while it works, so that what a dead one had is seen and given to another.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    UNFINISHED = (Status.QUEUED, Status.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, help_text="When it was asked for.")
    queued_at = models.DateTimeField(default=timezone.now, help_text="When the workers were last told of it.")
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    actor = models.CharField(max_length=255, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True
        ordering = ("-created_at",)

    @property
    def is_finished(self) -> bool:
        return self.status not in self.UNFINISHED
