"""The routes that belong to no app."""

from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lightd_site.reference import document
from rules.openapi import errors, example, public_errors

_PONG = {"status": "ok", "message": "Lightd is running", "version": settings.VERSION}


class Pong(serializers.Serializer[Any]):
    status = serializers.CharField()
    message = serializers.CharField()
    version = serializers.CharField()


class Ping(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="ping",
        tags=["site"],
        summary="See whether Lightd answers",
        auth=[],
        responses={200: Pong, **public_errors()},
        examples=[example(_PONG)],
    )
    def get(self, request: Request) -> Response:
        """The one route that needs no token."""
        return Response(_PONG)


class OpenApi(APIView):
    @extend_schema(
        operation_id="openapi",
        tags=["site"],
        summary="Read this description",
        responses={200: OpenApiTypes.OBJECT, **errors()},
    )
    def get(self, request: Request) -> Response:
        """OpenAPI 3, as JSON."""
        return Response(document())
