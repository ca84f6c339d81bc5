"""What the routes of backups take and show."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from rules.moments import unix
from rules.serializers import StrictBooleanField, StrictCharField, StrictIntegerField, StrictSerializer
from volumes.backups.lifecycle import Into
from volumes.backups.models import LONGEST_CRON, LONGEST_NAME, LONGEST_TIME_ZONE, Backup, BackupSchedule
from volumes.serializers import OperationSerializer

MOST_KEPT = 1000


class BackupRequest(StrictSerializer):
    name = StrictCharField(
        required=False, max_length=LONGEST_NAME, help_text="Without: after what it is of, and the time."
    )


class BackupChange(StrictSerializer):
    name = StrictCharField(required=False, max_length=LONGEST_NAME)
    locked = StrictBooleanField(required=False, help_text="Whether nobody may delete it, no schedule either.")


class RestoreRequest(StrictSerializer):
    into = serializers.ChoiceField(
        choices=[into.value for into in Into],
        help_text="`same`: the volume that it is of, after a safety copy. `new`: one of yours, made for it.",
    )


class PlanRequest(StrictSerializer):
    """When backups are made by themselves."""

    cron = StrictCharField(max_length=LONGEST_CRON, help_text="Minute, hour, day of the month, month, day of the week.")
    time_zone = StrictCharField(default="UTC", max_length=LONGEST_TIME_ZONE)
    keep = StrictIntegerField(default=7, min_value=1, max_value=MOST_KEPT, help_text="Those of it that stay.")
    enabled = StrictBooleanField(default=True)


class PlanChange(StrictSerializer):
    cron = StrictCharField(required=False, max_length=LONGEST_CRON)
    time_zone = StrictCharField(required=False, max_length=LONGEST_TIME_ZONE)
    keep = StrictIntegerField(required=False, min_value=1, max_value=MOST_KEPT)
    enabled = StrictBooleanField(required=False)


class BackupSerializer(serializers.Serializer[Any]):
    """A backup. Only a good one can be downloaded and restored."""

    id = serializers.UUIDField()
    volume_id = serializers.UUIDField(allow_null=True, help_text="Null: the volume is gone.")
    of_volume = serializers.UUIDField(help_text="The volume's id, also when it is gone.")
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=[Backup.Status.MAKING, Backup.Status.GOOD, Backup.Status.FAILED])
    store = serializers.ChoiceField(choices=Backup.Store.choices)
    sha256 = serializers.CharField(help_text="Of the archive; empty until it is good.")
    size = serializers.IntegerField(allow_null=True, help_text="Bytes of the archive.")
    entries = serializers.IntegerField(allow_null=True, help_text="Files, folders and links.")
    left_out_count = serializers.IntegerField(
        help_text="Pipes, sockets, devices, and what was gone when its turn came."
    )
    locked = serializers.BooleanField()
    is_safety_copy = serializers.BooleanField(help_text="Made because another one was about to be restored.")
    schedule_id = serializers.UUIDField(allow_null=True)
    operation_id = serializers.UUIDField(allow_null=True, help_text="Where it is shown how far it is.")
    error = serializers.CharField()
    actor = serializers.CharField()
    created_at = serializers.IntegerField()
    finished_at = serializers.IntegerField(allow_null=True)


class BackupList(serializers.Serializer[Any]):
    backups = BackupSerializer(many=True)
    count = serializers.IntegerField(required=False, help_text="Of all; only with a limit.")


class BackupBegun(serializers.Serializer[Any]):
    message = serializers.CharField()
    backup = BackupSerializer()


class RestoreBegun(serializers.Serializer[Any]):
    message = serializers.CharField()
    volume_id = serializers.UUIDField(help_text="Of the volume that it comes into.")
    operation = OperationSerializer()


class ScheduleSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    cron = serializers.CharField()
    time_zone = serializers.CharField()
    keep = serializers.IntegerField()
    enabled = serializers.BooleanField()
    next_at = serializers.IntegerField(allow_null=True)
    actor = serializers.CharField()
    created_at = serializers.IntegerField()


class ScheduleList(serializers.Serializer[Any]):
    schedules = ScheduleSerializer(many=True)
    count = serializers.IntegerField(required=False, help_text="Of all; only with a limit.")


def backup(row: Backup) -> dict[str, Any]:
    """A backup as it is shown."""
    return {
        "id": str(row.pk),
        "volume_id": None if row.volume_id is None else str(row.volume_id),
        "of_volume": str(row.of_volume),
        "name": row.name,
        "status": row.status,
        "store": row.store,
        "sha256": row.sha256,
        "size": row.size,
        "entries": row.entries,
        "left_out_count": row.left_out,
        "locked": row.locked,
        "is_safety_copy": row.is_safety_copy,
        "schedule_id": None if row.schedule_id is None else str(row.schedule_id),
        "operation_id": None if row.operation_id is None else str(row.operation_id),
        "error": row.error,
        "actor": row.actor,
        "created_at": unix(row.created_at),
        "finished_at": unix(row.finished_at),
    }


def schedule(row: BackupSchedule) -> dict[str, Any]:
    """A schedule as it is shown."""
    return {
        "id": str(row.pk),
        "cron": row.cron,
        "time_zone": row.time_zone,
        "keep": row.keep,
        "enabled": row.enabled,
        "next_at": unix(row.next_at),
        "actor": row.actor,
        "created_at": unix(row.created_at),
    }
