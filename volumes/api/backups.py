"""The routes of backups: those of a volume, all of one's own, and what can be done with one."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import actor_of
from accounts.permissions import Permission
from rules.openapi import PAGE, Message, errors, example, needs
from rules.paging import page_of
from rules.serializers import refuse_body, validated
from volumes.api.examples import BACKUP, ID, OPERATION
from volumes.api.sending import BYTES, RANGE, Sent, send
from volumes.backups import lifecycle, serializers
from volumes.backups.downloads import Stored
from volumes.backups.lifecycle import Into
from volumes.backups.making import FORMAT
from volumes.serializers import operation as shown_operation

_ONE = [OpenApiParameter("backup_id", OpenApiTypes.UUID, OpenApiParameter.PATH)]
_READS, _WRITES = needs(Permission.FILES_READ), needs(Permission.FILES_WRITE)
_RESTORING: dict[str, Any] = {
    "kind": "restore",
    "archive_path": None,
    "backup_id": BACKUP["id"],
    "step": "unpacking",
}
_RESTORED = {
    "message": "Restore started",
    "volume_id": BACKUP["volume_id"],
    "operation": {**OPERATION, **_RESTORING},
}


class VolumeBackups(APIView):
    @extend_schema(
        operation_id="backups_list",
        tags=["backups"],
        summary="List a volume's backups",
        extensions=_READS,
        parameters=[*ID, *PAGE],
        responses={200: serializers.BackupList, **errors(403, 404)},
        examples=[example({"backups": [BACKUP]})],
    )
    def get(self, request: Request, volume_id: str) -> Response:
        """Newest first; also those that are still being made, and those that failed, with the reason."""
        rows = lifecycle.of_volume(actor_of(request), volume_id)
        page = page_of(request)
        return Response({"backups": [serializers.backup(row) for row in page.of(rows)], **page.count(rows)})

    @extend_schema(
        operation_id="backups_create",
        tags=["backups"],
        summary="Make a backup",
        extensions=_WRITES,
        parameters=ID,
        request=serializers.BackupRequest,
        responses={202: serializers.BackupBegun, **errors(403, 404, 409, body=True)},
        examples=[
            example({"name": "before the update"}, request=True),
            example(
                {"message": "Backup started", "backup": {**BACKUP, "status": "making", "sha256": "", "size": None}}
            ),
        ],
    )
    def post(self, request: Request, volume_id: str) -> Response:
        """Of all that is in the volume, but for what its `.lightdignore` names, in the syntax of `.gitignore`.

        It is made in the background: it is good when its status says so, and not before.
        """
        wanted = validated(serializers.BackupRequest, request.data)
        backup = lifecycle.create(actor_of(request), volume_id, wanted.get("name", ""))
        return Response({"message": "Backup started", "backup": serializers.backup(backup)}, status=202)


class Backups(APIView):
    @extend_schema(
        operation_id="own_backups_list",
        tags=["backups"],
        summary="List all of your backups",
        extensions=needs(Permission.VOLUMES),
        parameters=PAGE,
        responses={200: serializers.BackupList, **errors(403)},
        examples=[example({"backups": [{**BACKUP, "volume_id": None}]})],
    )
    def get(self, request: Request) -> Response:
        """Also those of volumes that are gone. An administrator's list has everyone's."""
        rows = lifecycle.of_ones_own(actor_of(request))
        page = page_of(request)
        return Response({"backups": [serializers.backup(row) for row in page.of(rows)], **page.count(rows)})


class BackupDetail(APIView):
    @extend_schema(
        operation_id="backups_read",
        tags=["backups"],
        summary="Show a backup",
        extensions=_READS,
        parameters=_ONE,
        responses={200: serializers.BackupSerializer, **errors(403, 404)},
        examples=[example(BACKUP)],
    )
    def get(self, request: Request, backup_id: str) -> Response:
        """One of a volume that is gone is shown to whose it was, and only with the permission `volumes` as well."""
        return Response(serializers.backup(lifecycle.find(actor_of(request), backup_id)))

    @extend_schema(
        operation_id="backups_change",
        tags=["backups"],
        summary="Name or lock a backup",
        extensions=_WRITES,
        parameters=_ONE,
        request=serializers.BackupChange,
        responses={200: serializers.BackupSerializer, **errors(403, 404, 409, body=True)},
        examples=[example({"locked": True}, request=True), example({**BACKUP, "locked": True})],
    )
    def patch(self, request: Request, backup_id: str) -> Response:
        """Only a good one can be locked. It is then deleted by nobody, no schedule either, until it is unlocked."""
        wanted = validated(serializers.BackupChange, request.data)
        return Response(serializers.backup(lifecycle.change(actor_of(request), backup_id, **wanted)))

    @extend_schema(
        operation_id="backups_delete",
        tags=["backups"],
        summary="Delete a backup",
        extensions=_WRITES,
        parameters=_ONE,
        responses={200: Message, **errors(403, 404, 409, body=True)},
        examples=[example({"message": "Backup deleted successfully"})],
    )
    def delete(self, request: Request, backup_id: str) -> Response:
        """Not one that is locked, still being made, or being restored."""
        refuse_body(request)
        lifecycle.delete(actor_of(request), backup_id)
        return Response({"message": "Backup deleted successfully"})


class BackupDownload(APIView):
    @extend_schema(
        operation_id="backups_download",
        tags=["backups"],
        summary="Download a backup",
        extensions=_READS,
        parameters=[*_ONE, RANGE],
        responses={
            (200, "application/zstd"): BYTES,
            (206, "application/zstd"): BYTES,
            **errors(403, 404, 409, 416),
        },
    )
    def get(self, request: Request, backup_id: str) -> HttpResponseBase:
        """The archive, a tar.zst. Its checksum is its `ETag`."""
        backup = lifecycle.find_good(actor_of(request), backup_id)
        name = FORMAT.name_of(backup.name)
        sent = Sent(name, FORMAT.mime, backup.size or 0, backup.sha256, backup.created_at.timestamp())
        return send(request, sent, lambda span: Stored(backup, span))


class BackupRestore(APIView):
    @extend_schema(
        operation_id="backups_restore",
        tags=["backups"],
        summary="Restore a backup",
        extensions=_WRITES,
        parameters=_ONE,
        request=serializers.RestoreRequest,
        responses={202: serializers.RestoreBegun, **errors(403, 404, 409, 503, body=True)},
        examples=[example({"into": "same"}, request=True), example(_RESTORED)],
    )
    def post(self, request: Request, backup_id: str) -> Response:
        """All that is in the volume is replaced in one step, when all of the backup is there and its checksum is right.

        Not while a container of the volume runs. What was there is kept as a safety copy, a backup like the others.
        Meanwhile no container of it can be started. Into a new volume, nothing else changes; this takes the permission
        `volumes`, and to read the backup.
        """
        wanted = validated(serializers.RestoreRequest, request.data)
        operation = lifecycle.restore(actor_of(request), backup_id, Into(wanted["into"]))
        begun = {"volume_id": str(operation.volume_id), "operation": shown_operation(operation)}
        return Response({"message": "Restore started", **begun}, status=202)
