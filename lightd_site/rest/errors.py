"""Every error of every route: as JSON, and where people look as a page."""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404
from rest_framework import exceptions
from rest_framework.response import Response

from lightd_site import pages
from lightd_site.rest import media
from lightd_site.rest.renderers import JsonRenderer
from rules.errors import (
    Forbidden,
    Invalid,
    LightdError,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from rules.serializers import refusal

log = logging.getLogger(__name__)


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. None for what we did not foresee: `server_error` answers that."""
    known = translate(error)
    if known is None:
        return None
    return Response(_body(known), status=known.status, headers=_headers(known))


def respond(request: HttpRequest, error: LightdError) -> HttpResponse:
    """The same for what never reached a DRF view."""
    if pages.is_page(request):
        return pages.error(request, error, _headers(error))
    return HttpResponse(
        JsonRenderer().render(_body(error)),
        status=error.status,
        content_type=media.choose(request.META.get("HTTP_ACCEPT")) or media.JSON,
        headers=_headers(error),
    )


def translate(error: Exception) -> LightdError | None:
    """An error of Django or DRF as one of ours; None for one that nobody foresaw."""
    match error:
        case LightdError():
            return error
        case exceptions.ValidationError():
            return refusal(error)
        case exceptions.NotAuthenticated():
            return Unauthenticated("Authentication required")
        case exceptions.APIException():
            return _of_drf(error)
        case Http404():
            return NotFound("Not found")
        case PermissionDenied():
            return Forbidden("Permission denied")
        case RequestDataTooBig():
            return TooLarge("The body is too large")
        case OperationalError():
            log.error("The database did not answer: %s", error)
            return Unavailable("The database is busy; try again")
    return None


# --- Django's own handlers ----------------------------------------------------


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A bad request, one that is forbidden, or of what is not there."""
    if isinstance(exception, Resolver404) and (page := pages.meant(request)):
        return HttpResponseRedirect(page)
    return respond(request, translate(exception) or Invalid("Bad request"))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return respond(request, Forbidden("CSRF check failed; reload the page and try again"))


def server_error(request: HttpRequest) -> HttpResponse:
    # Django has logged it, with its traceback and the request id, by now.
    return respond(request, LightdError("Internal server error"))


# --- How an error reads -------------------------------------------------------


def _body(error: LightdError) -> dict[str, Any]:
    if error.details is None:
        return {"error": error.sentence}
    return {"error": error.sentence, "details": error.details}


def _headers(error: LightdError) -> dict[str, str]:
    headers: dict[str, str] = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after:
        headers["Retry-After"] = str(error.retry_after)
    return headers


def _of_drf(error: exceptions.APIException) -> LightdError:
    known = LightdError(str(error.detail).removesuffix("."))
    known.status = error.status_code
    return known
