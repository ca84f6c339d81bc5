"""The routes that say whether everything works."""

from __future__ import annotations

from django.db import Error as DatabaseAway
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from containers import health
from containers.serializers import answers
from rules.openapi import errors, example

# A 503 of theirs says more than others do: without the database, which would say who asks, both answer.
ERRORS = {status: described for status, described in errors().items() if status != 503}


class Live(APIView):
    @extend_schema(
        operation_id="health_live",
        tags=["site"],
        summary="See whether the web process is up",
        responses={200: answers.Alive, **ERRORS},
        examples=[example({"status": "ok"})],
    )
    def get(self, request: Request) -> Response:
        """It answers, so it is, also while the database is away: then no token can be looked up."""
        return alive()

    def handle_exception(self, exc: Exception) -> Response:
        return alive() if isinstance(exc, DatabaseAway) else super().handle_exception(exc)


class Ready(APIView):
    @extend_schema(
        operation_id="health_ready",
        tags=["site"],
        summary="See whether every part works",
        responses={200: answers.Health, **ERRORS, 503: answers.Degraded},
        examples=[example({"status": "ok", "database": "ok", "engine": "ok", "workers": "ok", "supervisor": "ok"})],
    )
    def get(self, request: Request) -> Response:
        """Each part `ok` or the reason why not; 503 unless all are.

        While the database is away nothing is known of the others, and no token can be looked up.
        """
        return readiness(health.report())

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, DatabaseAway):
            return readiness(health.without_database(exc))
        return super().handle_exception(exc)


def readiness(parts: dict[str, str]) -> Response:
    ill = [name for name, said in parts.items() if said != health.OK]
    if not ill:
        return Response({"status": "ok", **parts})
    return Response({"error": f"Not well: {', '.join(ill)}", "status": "degraded", **parts}, status=503)


def alive() -> Response:
    return Response({"status": "ok"})
