"""What happens around every request."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from lightd_site import measures
from lightd_site.rest import errors
from rules import request_id as request_ids
from rules import subject
from rules.errors import Invalid

Handler = Callable[[HttpRequest], HttpResponseBase]

log = logging.getLogger("lightd_site.requests")

# Asked every few seconds by machines: of interest only to who looks closely.
QUIET = ("/health/", "/metrics", "/static/")


def request_id(get_response: Handler) -> Handler:
    """Gives each request its id: in the log, in events, and in the answer."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        chosen = request_ids.accept(request.headers.get("X-Request-ID"))
        request_ids.use(chosen)
        response = get_response(request)
        response["X-Request-ID"] = chosen
        return response

    return middleware


class Requests:
    """A line in the log and a count in the metrics for each request."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        subject.is_container("")
        began = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - began
        measures.count_request(request, response.status_code, seconds)
        log.log(
            logging.DEBUG if request.path.startswith(QUIET) else logging.INFO,
            "request",
            extra={
                "fields": {
                    "method": request.method,
                    "path": request.path,
                    "status": response.status_code,
                    "address": request.META.get("REMOTE_ADDR", ""),
                    "ms": round(seconds * 1000, 1),
                }
            },
        )
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """Here the address has been read: what is logged from now on says which container it is about."""
        subject.is_container(kwargs.get("internal_id", ""))


class Errors:
    """Our errors, raised in a view that is not DRF's, and addresses that no database takes."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return errors.respond(request, Invalid("Null characters are not allowed"))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        known = errors.translate(exception)
        return errors.respond(request, known) if known else None
