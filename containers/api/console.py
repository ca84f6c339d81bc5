"""The routes of what a container prints."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import actor_of
from accounts.permissions import Permission
from containers import access
from containers.api.examples import ID
from containers.serializers import answers, requests
from containers.sockets import history
from containers.spool import INSTALL_LOG
from rules.openapi import errors, example, needs
from rules.serializers import validated


class ContainerLogs(APIView):
    @extend_schema(
        operation_id="containers_logs",
        tags=["console"],
        summary="Read the console",
        extensions=needs(Permission.CONSOLE_READ),
        parameters=[
            *ID,
            OpenApiParameter("tail", int, description="The last so many lines, 200 unless told, at most 10,000."),
            OpenApiParameter("since", int, description="Instead of `tail`: what came since this Unix time."),
            OpenApiParameter("search", str, description="Only lines with this text, in upper or lower case."),
        ],
        responses={200: answers.Logs, **errors(403, 404)},
        examples=[example({"logs": "Hello\nHello\n"})],
    )
    def get(self, request: Request, internal_id: str) -> Response:
        """At most 1 MiB of it, the latest. It goes back beyond a rebind or a reinstall."""
        container = access.find(actor_of(request), internal_id, Permission.CONSOLE_READ)
        query = validated(requests.LogsQuery, request.query_params)
        if query.get("search"):
            lines = query.get("tail", history.DEFAULT_TAIL)
            text = history.search(container.directory, query["search"], lines, query.get("since"))
        elif "since" in query:
            text, _ = history.since_time(container.directory, query["since"], query.get("tail"))
        else:
            text, _ = history.tail(container.directory, query.get("tail", history.DEFAULT_TAIL))
        return Response({"logs": text})


class ContainerInstallLog(APIView):
    @extend_schema(
        operation_id="containers_install_log",
        tags=["console"],
        summary="Read what the last installation printed",
        extensions=needs(Permission.CONSOLE_READ),
        parameters=ID,
        responses={200: answers.InstallLog, **errors(403, 404)},
        examples=[example({"logs": "Setting up curl (7.88.1-10) ...\n", "exit_code": 0})],
    )
    def get(self, request: Request, internal_id: str) -> Response:
        """At most the last MiB of it. Kept until the next one; grows while one runs."""
        container = access.find(actor_of(request), internal_id, Permission.CONSOLE_READ)
        text = history.whole(container.directory / INSTALL_LOG)
        return Response({"logs": text, "exit_code": container.install_exit_code})
