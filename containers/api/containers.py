"""The routes of a container as a whole: list, create, show, change, delete, limits, events."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import actor_of
from accounts.permissions import Permission
from containers import access, configure, lifecycle
from containers.api.examples import CRASHED, CREATE, FULL, ID, RESOURCES, RUNNING, SHORT
from containers.api.power import begun
from containers.serializers import answers, requests
from containers.states import State
from rules.openapi import PAGE, Message, errors, example, needs
from rules.paging import page_of
from rules.serializers import refuse_body, validated


class Containers(APIView):
    @extend_schema(
        operation_id="containers_list",
        tags=["containers"],
        summary="List your containers",
        parameters=[
            OpenApiParameter("search", str, description="Part of the id or of the image."),
            OpenApiParameter("state", str, enum=State.values),
            *PAGE,
        ],
        responses={200: answers.ContainerList, **errors()},
        examples=[example({"containers": [SHORT]})],
    )
    def get(self, request: Request) -> Response:
        """All of them without `limit`; an administrator's list has everyone's."""
        page = page_of(request)
        query = validated(requests.ListQuery, request.query_params)
        found = access.matching(access.visible(actor_of(request)), query)
        rows = list(page.of(found.values_list(*answers.LISTED)))
        return Response({"containers": answers.listed(rows), **page.count(found)})

    @extend_schema(
        operation_id="containers_create",
        tags=["containers"],
        summary="Create a container",
        extensions=needs(Permission.CREATE),
        request=requests.CreateSerializer,
        responses={201: answers.Created, **errors(403, 404, 409, body=True)},
        examples=[
            example(CREATE, request=True),
            example({"message": "Container creation started", "internal_id": "my-server-001", "state": "installing"}),
        ],
    )
    def post(self, request: Request) -> Response:
        """Pulls the image, makes the container and runs the install script, in the background; follow its state."""
        new = validated(requests.CreateSerializer, request.data)
        container = lifecycle.create(actor_of(request), new)
        return begun("Container creation started", container, 201, state=container.state)


class ContainerDetail(APIView):
    @extend_schema(
        operation_id="containers_read",
        tags=["containers"],
        summary="Show a container",
        extensions=needs(Permission.VIEW),
        parameters=ID,
        responses={200: answers.ContainerFull, **errors(404)},
        examples=[example(FULL)],
    )
    def get(self, request: Request, internal_id: str) -> Response:
        """`state` is the full state; `install_state` its narrow view."""
        return Response(answers.full(access.find(actor_of(request), internal_id, Permission.VIEW)))

    @extend_schema(
        operation_id="containers_change",
        tags=["containers"],
        summary="Change a container's settings",
        extensions=needs(Permission.SETTINGS),
        parameters=ID,
        request=requests.PatchSerializer,
        responses={200: answers.ContainerPatched, **errors(403, 404, 409, body=True)},
        examples=[
            example({"stop_command": "stop", "restart_policy": "on-crash"}, request=True),
            example({**FULL, "stop_command": "stop", "restart_policy": "on-crash", "restart_required": []}),
        ],
    )
    def patch(self, request: Request, internal_id: str) -> Response:
        """Limits are applied while it runs; `restart_required` names what waits for the next start."""
        changes = validated(requests.PatchSerializer, request.data)
        container, waiting = configure.patch(actor_of(request), internal_id, changes)
        return Response({**answers.full(container), "restart_required": waiting})

    @extend_schema(
        operation_id="containers_delete",
        tags=["containers"],
        summary="Delete a container",
        extensions=needs(Permission.DELETE),
        parameters=ID,
        responses={200: Message, **errors(403, 404, 409, body=True)},
        examples=[example({"message": "Container deleted successfully"})],
    )
    def delete(self, request: Request, internal_id: str) -> Response:
        """From every state, also while it installs. Its ports go back to the pool, its volume stays.

        After a 503 everything is as before, unless its sentence says that the deletion goes on by itself: then Docker
        had been asked to remove it, and did not say in time that it has.
        """
        refuse_body(request)
        lifecycle.delete(actor_of(request), internal_id)
        return Response({"message": "Container deleted successfully"})


class ContainerResources(APIView):
    @extend_schema(
        operation_id="containers_resources",
        tags=["containers"],
        summary="Show a container's limits by Docker's names",
        extensions=needs(Permission.VIEW),
        parameters=ID,
        responses={200: answers.ResourcesShown, **errors(404)},
        examples=[example(RESOURCES)],
    )
    def get(self, request: Request, internal_id: str) -> Response:
        """Null where nothing is set."""
        container = access.find(actor_of(request), internal_id, Permission.VIEW)
        return Response(configure.resources_of(container))

    @extend_schema(
        operation_id="containers_update_resources",
        tags=["containers"],
        summary="Change limits while the container runs",
        extensions=needs(Permission.SETTINGS),
        parameters=ID,
        request=requests.ResourcesSerializer,
        responses={202: Message, **errors(403, 404, 409, body=True)},
        examples=[
            example({"memory": 1073741824, "cpu_shares": 512}, request=True),
            example({"message": "Resource update started"}),
        ],
    )
    def post(self, request: Request, internal_id: str) -> Response:
        """Docker's live update: no restart, and kept by every recreate. Refused by Docker, they are as before."""
        wanted = validated(requests.ResourcesSerializer, request.data)
        configure.update_resources(actor_of(request), internal_id, wanted)
        return Response({"message": "Resource update started"}, status=202)


class ContainerEvents(APIView):
    @extend_schema(
        operation_id="containers_events",
        tags=["containers"],
        summary="See what happened to a container",
        extensions=needs(Permission.VIEW),
        parameters=[*ID, *PAGE],
        responses={200: answers.EventList, **errors(404)},
        examples=[
            example({"events": [CRASHED, RUNNING]}),
        ],
    )
    def get(self, request: Request, internal_id: str) -> Response:
        """Newest first, 100 of them unless told."""
        actor = actor_of(request)
        container = access.find(actor, internal_id, Permission.VIEW)
        reads_console = access.may(actor, Permission.CONSOLE_READ, container)
        page = page_of(request, usual=100)
        found = container.events.all()
        return Response(
            {"events": [answers.event(row, reads_console=reads_console) for row in page.of(found)], **page.count(found)}
        )
