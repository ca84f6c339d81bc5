"""`GET /metrics`, for Prometheus."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from rest_framework.exceptions import NotAcceptable
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.actor import actor_of
from accounts.permissions import Permission, require
from containers.measures import InstallationCollector
from lightd_site.rest.negotiation import Negotiation
from rules.networks import address_of
from rules.openapi import errors, example, needs

TEXT_TYPES = ("text/plain", "text/*", "application/openmetrics-text")

_EXAMPLE = 'lightd_containers{state="running"} 3.0\nlightd_engine_reachable 1.0\n'


def is_allowed_address(address: str) -> bool:
    """Whether `LIGHTD_METRICS_ALLOW` names a network that this address is in."""
    asker = address_of(address)
    return asker is not None and any(asker in network for network in settings.METRICS_ALLOW)


class MayScrape(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        if is_allowed_address(request.META.get("REMOTE_ADDR", "")):
            return True
        if not request.user.is_authenticated:
            return False
        require(actor_of(request), Permission.ADMIN)
        return True


class TextOrJson(Negotiation):
    """Who accepts text alone is served too; an error is JSON all the same."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> tuple[Any, str]:
        try:
            return super().select_renderer(request, renderers, format_suffix)
        except NotAcceptable:
            accepted = request.META.get("HTTP_ACCEPT", "").lower()
            if not any(kind in accepted for kind in TEXT_TYPES):
                raise
            first = next(iter(renderers))
            return first, first.media_type


class Metrics(APIView):
    permission_classes = [MayScrape]
    content_negotiation_class = TextOrJson

    @extend_schema(
        operation_id="metrics",
        tags=["site"],
        summary="Read the metrics of the whole installation",
        extensions=needs(Permission.ADMIN),
        responses={(200, "text/plain"): OpenApiTypes.STR, **errors(403)},
        examples=[example(_EXAMPLE)],
    )
    def get(self, request: Request) -> HttpResponse:
        """Prometheus' text format. An administrator's token, or an address that LIGHTD_METRICS_ALLOW names."""
        everyone = CollectorRegistry()
        everyone.register(InstallationCollector())
        text = generate_latest(REGISTRY) + generate_latest(everyone)
        return HttpResponse(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)
