"""The routes of a volume's files that take and give JSON."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import actor_of
from accounts.permissions import Permission
from rules.openapi import PAGE, Message, errors, example, needs
from rules.paging import page_of
from rules.serializers import validated
from volumes import files, serializers
from volumes.api.examples import FILE, ID, path_in_query
from volumes.tree import Order

_PLACES = {"source": "world", "destination": "backups/world"}


class Files(APIView):
    @extend_schema(
        operation_id="files_list",
        tags=["files"],
        summary="List a folder",
        extensions=needs(Permission.FILES_READ),
        parameters=[
            *ID,
            path_in_query("The folder; without it, the volume's root.", required=False),
            OpenApiParameter("sort", str, enum=[order.value for order in Order], description="By name unless told."),
            *PAGE,
        ],
        responses={200: serializers.FileList, **errors(403, 404, 409)},
        examples=[example({"files": [FILE]})],
    )
    def get(self, request: Request, volume_id: str) -> Response:
        """All of it without `limit`. Links are shown as links."""
        query = validated(serializers.FolderQuery, request.query_params)
        page = page_of(request)
        entries, count = files.list_folder(
            actor_of(request), volume_id, query["path"], Order(query["sort"]), page.limit, page.offset
        )
        counted = {} if page.limit is None else {"count": count}
        return Response({"files": [serializers.file(entry) for entry in entries], **counted})

    @extend_schema(
        operation_id="files_write",
        tags=["files"],
        summary="Write a text file",
        extensions=needs(Permission.FILES_WRITE),
        parameters=ID,
        request=serializers.WriteRequest,
        responses={200: serializers.FileWritten, **errors(403, 404, 409, 507, body=True)},
        examples=[
            example({"path": "server.properties", "content": "motd=Hello\n"}, request=True),
            example(
                {
                    "message": "File written successfully",
                    "path": "server.properties",
                    "version": "30a2e1-b-18868a4d5b2c4e00",
                }
            ),
        ],
    )
    def post(self, request: Request, volume_id: str) -> Response:
        """All at once: nobody ever reads half of it."""
        wanted = validated(serializers.WriteRequest, request.data)
        version = files.write(
            actor_of(request), volume_id, wanted["path"], wanted["content"], wanted.get("expected_version")
        )
        return Response({"message": "File written successfully", "path": wanted["path"], "version": version})


class FileContent(APIView):
    @extend_schema(
        operation_id="files_read",
        tags=["files"],
        summary="Read a text file",
        extensions=needs(Permission.FILES_READ),
        parameters=[*ID, path_in_query("The file.")],
        responses={200: serializers.FileText, **errors(403, 404, 409, 413)},
        examples=[
            example(
                {
                    "path": "server.properties",
                    "content": "motd=Hello\n",
                    "size": 11,
                    "modified_at": 1767225600,
                    "version": "30a2e1-b-18868a4d5b2c4e00",
                }
            )
        ],
    )
    def get(self, request: Request, volume_id: str) -> Response:
        """UTF-8 of at most 1 MiB."""
        path = validated(serializers.PathQuery, request.query_params)["path"]
        text = files.read_text(actor_of(request), volume_id, path)
        return Response(
            {
                "path": path,
                "content": text.content,
                "size": text.entry.size,
                "modified_at": text.entry.modified_at,
                "version": text.entry.version,
            }
        )


class FileSearch(APIView):
    @extend_schema(
        operation_id="files_search",
        tags=["files"],
        summary="Find files and folders by name",
        extensions=needs(Permission.FILES_READ),
        parameters=[
            *ID,
            OpenApiParameter("query", str, required=True, description="A part of the name, in upper or lower case."),
            path_in_query("Only below this folder.", required=False),
            OpenApiParameter("limit", int, description="How many at most, 100 unless told, up to 1000."),
        ],
        responses={200: serializers.FoundFiles, **errors(403, 404, 409)},
        examples=[example({"files": [{"path": "config/server.properties", **FILE}], "complete": True})],
    )
    def get(self, request: Request, volume_id: str) -> Response:
        """The first 200,000 entries are looked at, the upper ones first."""
        query = validated(serializers.SearchQuery, request.query_params)
        found = files.search(actor_of(request), volume_id, query["path"], query["query"], query["limit"])
        shown = [serializers.found_file(place, entry) for place, entry in found.entries]
        return Response({"files": shown, "complete": found.complete})


class Folders(APIView):
    @extend_schema(
        operation_id="folders_create",
        tags=["files"],
        summary="Make a folder",
        extensions=needs(Permission.FILES_WRITE),
        parameters=ID,
        request=serializers.FolderRequest,
        responses={200: Message, **errors(403, 404, 409, 507, body=True)},
        examples=[
            example({"path": "plugins/config"}, request=True),
            example({"message": "Folder created successfully"}),
        ],
    )
    def post(self, request: Request, volume_id: str) -> Response:
        """And those on its way that are missing."""
        wanted = validated(serializers.FolderRequest, request.data)
        files.make_folder(actor_of(request), volume_id, wanted["path"])
        return Response({"message": "Folder created successfully"})


class Copy(APIView):
    @extend_schema(
        operation_id="files_copy",
        tags=["files"],
        summary="Copy a file or a folder",
        extensions=needs(Permission.FILES_WRITE),
        parameters=ID,
        request=serializers.PlacesRequest,
        responses={200: Message, **errors(403, 404, 409, 507, body=True)},
        examples=[example(_PLACES, request=True), example({"message": "Copied successfully"})],
    )
    def post(self, request: Request, volume_id: str) -> Response:
        """It is there all at once, when it is whole."""
        wanted = validated(serializers.PlacesRequest, request.data)
        files.copy(actor_of(request), volume_id, wanted["source"], wanted["destination"])
        return Response({"message": "Copied successfully"})


class Move(APIView):
    @extend_schema(
        operation_id="files_move",
        tags=["files"],
        summary="Move or rename a file or a folder",
        extensions=needs(Permission.FILES_WRITE),
        parameters=ID,
        request=serializers.PlacesRequest,
        responses={200: Message, **errors(403, 404, 409, 507, body=True)},
        examples=[example(_PLACES, request=True), example({"message": "Moved successfully"})],
    )
    def post(self, request: Request, volume_id: str) -> Response:
        wanted = validated(serializers.PlacesRequest, request.data)
        files.move(actor_of(request), volume_id, wanted["source"], wanted["destination"])
        return Response({"message": "Moved successfully"})


class Delete(APIView):
    @extend_schema(
        operation_id="files_delete",
        tags=["files"],
        summary="Delete files and folders",
        extensions=needs(Permission.FILES_WRITE),
        parameters=ID,
        request=serializers.DeleteRequest,
        responses={200: Message, **errors(403, 404, 409, body=True)},
        examples=[
            example({"paths": ["world", "server.log"]}, request=True),
            example({"message": "Deleted 2 entries"}),
        ],
    )
    def post(self, request: Request, volume_id: str) -> Response:
        """One after the other, folders with all that is in them, until one cannot be."""
        paths = validated(serializers.DeleteRequest, request.data)["paths"]
        files.delete(actor_of(request), volume_id, paths)
        return Response({"message": f"Deleted {len(paths)} {'entry' if len(paths) == 1 else 'entries'}"})


class ChangeMode(APIView):
    @extend_schema(
        operation_id="files_chmod",
        tags=["files"],
        summary="Change the permission bits of a file or a folder",
        extensions=needs(Permission.FILES_WRITE),
        parameters=ID,
        request=serializers.ModeRequest,
        responses={200: Message, **errors(403, 404, 409, body=True)},
        examples=[
            example({"path": "start.sh", "mode": "0755"}, request=True),
            example({"message": "Mode changed successfully"}),
        ],
    )
    def post(self, request: Request, volume_id: str) -> Response:
        """Not of a link, and without setuid and its like."""
        wanted = validated(serializers.ModeRequest, request.data)
        files.change_mode(actor_of(request), volume_id, wanted["path"], wanted["mode"])
        return Response({"message": "Mode changed successfully"})
