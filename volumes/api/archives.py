"""The routes of archives: made and unpacked by a worker, whom the documented ones wait for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
from volumes import archiving, serializers
from volumes.api.examples import ID, OPERATION
from volumes.archives import Format
from volumes.models import Operation
from volumes.operations import asking, queue

_ONE = [*ID, OpenApiParameter("operation_id", OpenApiTypes.UUID, OpenApiParameter.PATH)]


def answer_when_done(
    operation: Operation, done: Callable[[Operation], dict[str, Any]], *, background: bool = False
) -> Response:
    """What `done` says of it; with `background`, or after 55 seconds, 202 and the operation that goes on."""
    if not background:
        operation = queue.wait(operation)
    if asking.is_done(operation):
        return Response(done(operation))
    return Response({"message": "Operation started", "operation": serializers.operation(operation)}, status=202)


class Compress(APIView):
    @extend_schema(
        operation_id="archives_compress",
        tags=["archives"],
        summary="Make an archive",
        extensions=needs(Permission.FILES_WRITE),
        parameters=ID,
        request=serializers.CompressRequest,
        responses={
            200: serializers.Compressed,
            202: serializers.OperationBegun,
            **errors(403, 404, 409, 413, 507, body=True),
        },
        examples=[
            example({"format": "tar.zst", "output_name": "backups/world", "paths": ["world"]}, request=True),
            example(
                {
                    "message": "Compression successful",
                    "archive_path": "backups/world.tar.zst",
                    "size": 104857600,
                    "left_out": [],
                }
            ),
        ],
    )
    def post(self, request: Request, volume_id: str) -> Response:
        """Answers when it is done; with `background`, or after 55 seconds, with 202 and the operation that goes on.

        Names in it begin at the folder that has all of `paths`.
        """
        wanted = validated(serializers.CompressRequest, request.data)
        operation = archiving.compress(
            actor_of(request), volume_id, Format(wanted["format"]), wanted["output_name"], wanted.get("paths", [])
        )
        return answer_when_done(operation, _made, background=wanted["background"])


def _made(operation: Operation) -> dict[str, Any]:
    shown = serializers.operation(operation)
    return {
        "message": "Compression successful",
        **{name: shown[name] for name in ("archive_path", "size", "left_out")},
    }


class Decompress(APIView):
    @extend_schema(
        operation_id="archives_decompress",
        tags=["archives"],
        summary="Unpack an archive",
        extensions=needs(Permission.FILES_WRITE),
        parameters=ID,
        request=serializers.DecompressRequest,
        responses={
            200: serializers.Decompressed,
            202: serializers.OperationBegun,
            **errors(403, 404, 409, 413, 507, body=True),
        },
        examples=[
            example({"archive_path": "backups/world.tar.zst", "destination": "restored"}, request=True),
            example({"message": "Decompression successful", "destination": "restored"}),
        ],
    )
    def post(self, request: Request, volume_id: str) -> Response:
        """All of it or nothing: it appears when all has been unpacked, and a member that is refused refuses all.

        Folders that are there already are filled; a file that is there already is a 409, unless `overwrite` is set.
        Answers when it is done; with `background`, or after 55 seconds, with 202 and the operation that goes on.
        """
        wanted = validated(serializers.DecompressRequest, request.data)
        operation = archiving.decompress(
            actor_of(request), volume_id, wanted["archive_path"], wanted["destination"], overwrite=wanted["overwrite"]
        )
        done = {"message": "Decompression successful", "destination": wanted["destination"]}
        return answer_when_done(operation, lambda _: done, background=wanted["background"])


class Operations(APIView):
    @extend_schema(
        operation_id="operations_list",
        tags=["archives"],
        summary="List a volume's operations",
        extensions=needs(Permission.FILES_READ),
        parameters=[*ID, *PAGE],
        responses={200: serializers.OperationList, **errors(403, 404)},
        examples=[example({"operations": [OPERATION]})],
    )
    def get(self, request: Request, volume_id: str) -> Response:
        """Archives in the making or being unpacked, and those of the last days, newest first."""
        rows = asking.operations(actor_of(request), volume_id)
        page = page_of(request)
        return Response({"operations": [serializers.operation(row) for row in page.of(rows)], **page.count(rows)})


class OperationDetail(APIView):
    @extend_schema(
        operation_id="operations_read",
        tags=["archives"],
        summary="Show an operation",
        extensions=needs(Permission.FILES_READ),
        parameters=_ONE,
        responses={200: serializers.OperationSerializer, **errors(403, 404)},
        examples=[example(OPERATION)],
    )
    def get(self, request: Request, volume_id: str, operation_id: str) -> Response:
        """How far it is."""
        return Response(serializers.operation(asking.find(actor_of(request), volume_id, operation_id)))

    @extend_schema(
        operation_id="operations_cancel",
        tags=["archives"],
        summary="Cancel an operation",
        extensions=needs(Permission.FILES_WRITE),
        parameters=_ONE,
        responses={200: Message, **errors(403, 404, 409, body=True)},
        examples=[example({"message": "Operation cancelled"})],
    )
    def delete(self, request: Request, volume_id: str, operation_id: str) -> Response:
        """Nothing of it stays."""
        refuse_body(request)
        asking.cancel(actor_of(request), volume_id, operation_id)
        return Response({"message": "Operation cancelled"})
