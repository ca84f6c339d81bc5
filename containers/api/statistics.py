"""The routes of what a container, and the host, used."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import actor_of
from accounts.permissions import Permission, require
from containers import access, current, samples, states
from containers.api.examples import HOST_SAMPLED, HOST_USAGE, ID, SAMPLED, USAGE
from containers.samples import Window
from containers.serializers import answers, requests
from rules.openapi import errors, example, needs

F = TypeVar("F", bound=Callable[..., Any])


def stats_schema(
    operation_id: str,
    summary: str,
    permission: Permission,
    answer: Any,
    shown: dict[str, Any],
    errored: Collection[int],
    parameters: Collection[OpenApiParameter] = (),
) -> Callable[[F], F]:
    """The description of a route of statistics."""
    schema: Callable[[F], F] = extend_schema(
        operation_id=operation_id,
        tags=["statistics"],
        summary=summary,
        extensions=needs(permission),
        parameters=[
            *parameters,
            OpenApiParameter("window", str, enum=Window.values, default=Window.HOUR, description="How far back."),
        ],
        responses={200: answer, **errors(*errored)},
        examples=[example({"window": "1h", "step": 60, **shown})],
    )
    return schema


class ContainerStats(APIView):
    @stats_schema(
        "containers_stats",
        "See what a container used",
        Permission.VIEW,
        answers.ContainerStatistics,
        {"samples": [SAMPLED], "current": USAGE},
        (403, 404),
        ID,
    )
    def get(self, request: Request, internal_id: str) -> Response:
        """Samples of the past, oldest first, and what it uses now."""
        window = requests.wanted_window(request.query_params)
        container = access.find(actor_of(request), internal_id, Permission.VIEW)
        usage = current.of(container.id) if container.state in states.WITH_PROCESS else None
        found = samples.window(container.id, window, timezone.now())
        return Response(answers.statistics(window, found, usage))


class HostStats(APIView):
    @stats_schema(
        "host_stats",
        "See what the host used",
        Permission.ADMIN,
        answers.HostStatistics,
        {"samples": [HOST_SAMPLED], "current": HOST_USAGE},
        (403,),
    )
    def get(self, request: Request) -> Response:
        """The host is the one that the supervisor runs on."""
        require(actor_of(request), Permission.ADMIN)
        window = requests.wanted_window(request.query_params)
        found = samples.window(None, window, timezone.now())
        return Response(answers.statistics(window, found, current.of(current.HOST)))
