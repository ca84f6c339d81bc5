"""The routes that carry files to and fro, as streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import Actor, actor_of
from accounts.permissions import Permission
from rules.openapi import Message, errors, example, needs
from rules.serializers import validated
from volumes import downloads, files, serializers, uploads
from volumes.api.examples import ID, path_in_query
from volumes.api.sending import BYTES, RANGE, Sent, headers, send
from volumes.archives import Format
from volumes.tree import Kind, OpenFile
from volumes.tree.names import shown

_KEPT = [
    *ID,
    path_in_query("The file's own path."),
    OpenApiParameter("resume", str, required=True, description="The name of the upload."),
]


class Download(APIView):
    @extend_schema(
        operation_id="files_download",
        tags=["files"],
        summary="Download a file, or a folder as an archive",
        extensions=needs(Permission.FILES_READ),
        parameters=[
            *ID,
            path_in_query("The file or folder; without it, all of the volume.", required=False),
            OpenApiParameter(
                "format",
                str,
                enum=[kind.value for kind in Format],
                description="Of the archive. A folder is a zip unless told, and a file is no archive.",
            ),
            RANGE,
        ],
        responses={
            (200, "application/octet-stream"): BYTES,
            (206, "application/octet-stream"): BYTES,
            **errors(403, 404, 409, 416),
        },
    )
    def get(self, request: Request, volume_id: str) -> HttpResponseBase:
        """As an attachment, whatever is in it. `ETag` and `If-Range` go with `Range`.

        An archive is made while it is sent, so its length is not known before, and no part of it can be asked for.
        What no archive may have, pipes, devices and links that lead out of it, is left out.
        """
        query = validated(serializers.DownloadQuery, request.query_params)
        actor, path = actor_of(request), query["path"]
        entry = files.look(actor, volume_id, path)
        if query["format"] or entry.kind == Kind.DIRECTORY:
            kind = Format(query["format"] or Format.ZIP)
            name = kind.name_of(shown(entry.name) or volume_id)
            if request.method == "HEAD":
                return HttpResponse(headers=headers(name, kind.mime))
            archive = files.open_archive(actor, volume_id, path, kind)
            return StreamingHttpResponse(archive, headers=headers(name, kind.mime))
        file = files.open_file(actor, volume_id, path)
        try:
            return _sent(request, file)
        except BaseException:
            file.close()
            raise


def _sent(request: Request, file: OpenFile) -> StreamingHttpResponse:
    entry = file.entry
    sent = Sent(
        shown(entry.name), entry.mime or "application/octet-stream", entry.size, entry.version, entry.modified_at
    )
    return send(request, sent, lambda span: downloads.Pieces(file, span))


class Unread(BaseParser):
    """Leaves the body, of whatever type, to the view: DRF would have a session's upload read to look for a token."""

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        return {}


class Upload(APIView):
    parser_classes = (Unread,)

    @extend_schema(
        operation_id="files_upload",
        tags=["files"],
        summary="Upload files",
        extensions=needs(Permission.FILES_WRITE),
        parameters=[
            *ID,
            path_in_query("Of a form: the folder for its files. Else: the file's own path.", required=False),
            OpenApiParameter("overwrite", bool, description="Whether files that are there already are replaced."),
            OpenApiParameter("offset", int, description="Not of a form: the file has come so far, and goes on here."),
            OpenApiParameter(
                "resume",
                str,
                description="Not of a form: the name of this upload, by which it can go on. With it, what has come is "
                "kept beside the file's place until all has.",
            ),
        ],
        request={"multipart/form-data": serializers.UploadForm, "application/octet-stream": OpenApiTypes.BINARY},
        responses={200: serializers.Uploaded, **errors(403, 404, 408, 409, 507, body=True)},
        examples=[
            OpenApiExample("Request", value={"file": "its bytes"}, request_only=True, media_type="multipart/form-data"),
            example({"message": "Upload successful", "files": [{"path": "plugins/start.sh", "size": 512}]}),
        ],
    )
    def post(self, request: Request, volume_id: str) -> Response:
        """Written as it comes. A form has any number of files, whose names may have folders, which are made.

        A file is there when all of it has come. Two ways to go on with one that was cut off:

        - with `resume`, a name that you give it, such as its size and time. `GET` with the same says how much has come:
          send the rest with that as `offset`. The file is there when a request came whole.
        - with `offset` alone: what has come is the file, and the next request goes on at the size that it has then
          (409 says which).
        """
        actor = actor_of(request)
        query = validated(serializers.UploadQuery, request.query_params)
        body: HttpRequest = request._request
        with uploads.places.one(actor.user.pk):
            if uploads.is_form(body):
                sizes = _take_form(actor, volume_id, body, query)
            else:
                sizes = {query["path"]: _take_file(actor, volume_id, body, query)}
        received = [{"path": path, "size": size} for path, size in sizes.items()]
        return Response({"message": "Upload successful", "files": received})

    @extend_schema(
        operation_id="files_upload_read",
        tags=["files"],
        summary="Show how much of an upload has come",
        extensions=needs(Permission.FILES_WRITE),
        parameters=_KEPT,
        responses={200: serializers.UploadedFile, **errors(403, 404, 409)},
        examples=[example({"path": "world.zip", "size": 734003200})],
    )
    def get(self, request: Request, volume_id: str) -> Response:
        """Of one with a `resume`; none of it is 0."""
        query = validated(serializers.KeptQuery, request.query_params)
        size = files.kept(actor_of(request), volume_id, query["path"], query["resume"])
        return Response({"path": query["path"], "size": size})

    @extend_schema(
        operation_id="files_upload_cancel",
        tags=["files"],
        summary="Give an upload up",
        extensions=needs(Permission.FILES_WRITE),
        parameters=_KEPT,
        responses={200: Message, **errors(403, 404, 409)},
        examples=[example({"message": "Upload cancelled"})],
    )
    def delete(self, request: Request, volume_id: str) -> Response:
        """What has come of one with a `resume` is deleted."""
        query = validated(serializers.KeptQuery, request.query_params)
        files.forget_kept(actor_of(request), volume_id, query["path"], query["resume"])
        return Response({"message": "Upload cancelled"})


def _take_form(actor: Actor, volume_id: str, body: HttpRequest, query: Mapping[str, Any]) -> dict[str, int]:
    files.expect_upload(actor, volume_id, query["path"])
    sizes = {}
    for part in uploads.parts_of(body):
        path = f"{query['path']}/{part.name}" if query["path"] else part.name
        sizes[path] = files.upload(actor, volume_id, path, part.pieces, replace=query["overwrite"])
    return sizes


def _take_file(actor: Actor, volume_id: str, body: HttpRequest, query: Mapping[str, Any]) -> int:
    path, replace, pieces = query["path"], query["overwrite"], uploads.pieces_of(body)
    if query["resume"]:
        key, offset = query["resume"], query["offset"] or 0
        return files.upload_kept(actor, volume_id, path, pieces, key=key, offset=offset, replace=replace)
    if query["offset"] is None:
        return files.upload(actor, volume_id, path, pieces, replace=replace)
    return files.upload_more(actor, volume_id, path, pieces, offset=query["offset"], replace=replace)
