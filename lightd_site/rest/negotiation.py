"""Which renderer answers: the caller's choice among ours, else 406."""

from collections.abc import Iterable
from typing import Any

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from lightd_site.rest import media


class Negotiation(DefaultContentNegotiation):
    """Compares media types without regard to case, which DRF's own does not."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        wanted = media.choose(request.META.get("HTTP_ACCEPT"))
        for renderer in renderers:
            if renderer.media_type == wanted:
                return renderer, wanted
        raise NotAcceptable()
