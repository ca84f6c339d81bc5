"""The routes that act on the container in Docker: start, stop, kill, restart, reinstall, rebind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import actor_of
from accounts.permissions import Permission
from containers import lifecycle
from containers.api.examples import ID
from containers.models import Container
from containers.serializers import answers, requests
from rules.openapi import errors, example, needs
from rules.serializers import refuse_body, validated

F = TypeVar("F", bound=Callable[..., Any])


def begun(message: str, container: Container, status: int = 202, **more: Any) -> Response:
    """The answer to what goes on in the background."""
    return Response({"message": message, "internal_id": container.internal_id, **more}, status=status)


def power_schema(action: str, what: str) -> Callable[[F], F]:
    """The description of a power route; they differ in a word."""
    schema: Callable[[F], F] = extend_schema(
        operation_id=f"containers_{action}",
        tags=["power"],
        summary=what,
        extensions=needs(Permission.POWER),
        parameters=ID,
        request=None,
        responses={202: answers.Begun, **errors(403, 404, 409, body=True)},
        examples=[example({"message": f"Container {action} initiated", "internal_id": "my-server-001"})],
    )
    return schema


class Start(APIView):
    @power_schema("start", "Start a stopped container")
    def post(self, request: Request, internal_id: str) -> Response:
        """`running` when its output matches the start pattern; without one, as soon as Docker runs it."""
        refuse_body(request)
        return begun("Container start initiated", lifecycle.start(actor_of(request), internal_id))


class Stop(APIView):
    @power_schema("stop", "Stop a container gracefully")
    def post(self, request: Request, internal_id: str) -> Response:
        """The stop command or SIGTERM; SIGKILL after the stop timeout."""
        refuse_body(request)
        return begun("Container stop initiated", lifecycle.stop(actor_of(request), internal_id))


class Kill(APIView):
    @power_schema("kill", "Kill a container")
    def post(self, request: Request, internal_id: str) -> Response:
        """SIGKILL, from every state that has a process. A killed installation has failed."""
        refuse_body(request)
        return begun("Container kill initiated", lifecycle.kill(actor_of(request), internal_id))


class Restart(APIView):
    @power_schema("restart", "Restart a container")
    def post(self, request: Request, internal_id: str) -> Response:
        """Stops gracefully, then starts; a stopped one is started."""
        refuse_body(request)
        return begun("Container restart initiated", lifecycle.restart(actor_of(request), internal_id))


class Reinstall(APIView):
    @extend_schema(
        operation_id="containers_reinstall",
        tags=["containers"],
        summary="Install a container anew",
        extensions=needs(Permission.REINSTALL),
        parameters=ID,
        request=requests.ReinstallSerializer,
        responses={202: answers.Begun, **errors(403, 404, 409, body=True)},
        examples=[
            example({"image": "ubuntu:22.04", "install_script": "#!/bin/bash\napt-get update"}, request=True),
            example({"message": "Container reinstall started", "internal_id": "my-server-001"}),
        ],
    )
    def post(self, request: Request, internal_id: str) -> Response:
        """A new container, from the image and script given or else those stored. Its volume is kept."""
        wanted = validated(requests.ReinstallSerializer, request.data)
        return begun("Container reinstall started", lifecycle.reinstall(actor_of(request), internal_id, **wanted))


class RebindNetwork(APIView):
    @extend_schema(
        operation_id="containers_rebind_network",
        tags=["containers"],
        summary="Move a container to other ports",
        extensions=needs(Permission.NETWORK),
        parameters=ID,
        request=requests.RebindSerializer,
        responses={202: answers.Begun, **errors(403, 404, 409, body=True)},
        examples=[
            example({"ports": [{"ip": "0.0.0.0", "port": 25566, "protocol": "tcp"}]}, request=True),  # noqa: S104
            example({"message": "Network rebinding started", "internal_id": "my-server-001"}),
        ],
    )
    def post(self, request: Request, internal_id: str) -> Response:
        """Everything else stays: its file system, limits and mounts, and whether it runs."""
        wanted = validated(requests.RebindSerializer, request.data)
        container = lifecycle.rebind(actor_of(request), internal_id, wanted["ports"])
        return begun("Network rebinding started", container)
