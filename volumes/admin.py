"""Volumes, and their backups, in Django's admin."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.actor import Actor
from accounts.admin_site import Audited, ReadOnly, act, confirmed, link, links
from volumes import storage
from volumes.backups import lifecycle
from volumes.models import Backup, BackupSchedule, Operation, Volume


@admin.register(Volume)
class VolumeAdmin(Audited):
    list_display = ["id", "of", "users", "quota_mb", "created_at"]
    list_filter = ["created_at", ("quota_mb", admin.EmptyFieldListFilter)]
    list_select_related = ["owner"]
    search_fields = ["id", "owner__username", "containers__internal_id"]
    fields = ["id", "owner", "users", "quota_mb", "storage", "directory", "created_at", "updated_at"]
    readonly_fields = ["id", "users", "storage", "directory", "created_at", "updated_at"]
    raw_id_fields = ["owner"]  # a list of everybody to choose from would be long

    def get_readonly_fields(self, request: HttpRequest, obj: Volume | None = None) -> list[str]:
        """The size of an image is more than a number here: it is resized by its page or the API."""
        held = obj is not None and obj.is_image
        return [*self.readonly_fields, *(["quota_mb"] if held else [])]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Volume]:
        return super().get_queryset(request).prefetch_related("containers")

    @admin.display(description="owner", ordering="owner__username")
    def of(self, volume: Volume) -> str:
        return link(volume.owner)

    @admin.display(description="containers")
    def users(self, volume: Volume) -> str:
        return links(volume.containers.all())

    @admin.display
    def directory(self, volume: Volume) -> str:
        return str(storage.directory(volume))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # made together with its directory, by the API

    def delete_model(self, request: HttpRequest, obj: Volume) -> None:
        storage.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Volume]) -> None:
        for volume in queryset:
            storage.delete(volume)


@admin.register(Operation)
class OperationAdmin(ReadOnly):
    """What workers do or did out of sight: an archive, a backup, another size."""

    list_display = ["__str__", "of", "status", "attempts", "actor", "created_at", "finished_at", "error"]
    list_filter = ["kind", "status", "created_at"]
    list_select_related = ["volume"]
    search_fields = [
        "id",
        "request_id",
        "actor",
        "error",
        "volume__id",
        "volume__owner__username",
        "volume__containers__internal_id",
    ]
    date_hierarchy = "created_at"

    @admin.display(description="volume", ordering="volume")
    def of(self, operation: Operation) -> str:
        return link(operation.volume)


@admin.register(Backup)
class BackupAdmin(ReadOnly):
    list_display = ["__str__", "of", "whose", "status", "size", "store", "locked", "actor", "created_at", "error"]
    list_filter = ["status", "store", "locked", "is_safety_copy", "created_at"]
    list_select_related = ["volume", "owner"]
    search_fields = ["name", "of_volume", "owner__username", "actor", "error"]
    date_hierarchy = "created_at"
    actions = ["delete_backups"]

    @admin.display(description="volume", ordering="of_volume")
    def of(self, backup: Backup) -> str:
        return link(backup.volume) if backup.volume else str(backup.of_volume)

    @admin.display(description="owner", ordering="owner__username")
    def whose(self, backup: Backup) -> str:
        return link(backup.owner)

    @admin.action(description="Delete")
    @confirmed("Delete these backups for good?")
    def delete_backups(self, request: HttpRequest, backups: QuerySet[Backup]) -> None:
        act(request, backups, _delete, "deleted")


def _delete(actor: Actor, backup: Backup) -> None:
    lifecycle.delete(actor, str(backup.pk))


@admin.register(BackupSchedule)
class BackupScheduleAdmin(Audited):
    """To look and to delete; what may be in one, the API checks."""

    list_display = ["__str__", "of", "keep", "enabled", "next_at", "actor"]
    list_filter = ["enabled", "created_at"]
    list_select_related = ["volume"]
    search_fields = ["cron", "volume__id", "volume__owner__username", "volume__containers__internal_id"]

    @admin.display(description="volume", ordering="volume")
    def of(self, schedule: BackupSchedule) -> str:
        return link(schedule.volume)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: BackupSchedule | None = None) -> bool:
        return False
