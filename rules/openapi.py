"""How the API describes itself: the parts that every route shares."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers


class Error(serializers.Serializer[Any]):
    """What every error looks like."""

    error = serializers.CharField(help_text="What is wrong, in one sentence.")
    details = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="For wrong fields: what is wrong with each.",
    )


class Message(serializers.Serializer[Any]):
    """An answer that only says what was done."""

    message = serializers.CharField()


_MEANINGS = {
    400: ("Bad input", 'protocol: "sctp" is not a valid choice'),
    401: ("No token, or not a good one", "Authentication required"),
    403: ("Not allowed", "The permission ports is needed for this"),
    404: ("Unknown", "Not found"),
    405: ("Not a method of this route; `Allow` has those", 'Method "PUT" not allowed'),
    406: ("No media type that is acceptable", "Could not satisfy the request Accept header"),
    408: ("The body was cut off; send it again", "The upload was cut off"),
    409: ("The state or another row is in the way", "Port already in use"),
    413: ("Body too large", "The body is too large"),
    415: ("Body of another media type", 'Unsupported media type "text/plain" in request'),
    429: ("Too many requests; `Retry-After` says when", "Too many requests with this token; try again in 7 s"),
    416: ("The range is not in the file", "The file has 5 bytes"),
    507: ("No room left", "The volume is full"),
    503: ("Engine or database not reachable; try again", "The database is busy; try again"),
}
_ANY_ROUTE = (400, 401, 405, 406, 429, 503)
_ROUTE_WITH_BODY = (413, 415)


def errors(*statuses: int, body: bool = False) -> dict[int, OpenApiResponse]:
    """The errors of a route: those given, those of all routes, and those of a body."""
    known = {*statuses, *_ANY_ROUTE, *(_ROUTE_WITH_BODY if body else ())}
    return {status: _error(*_MEANINGS[status]) for status in sorted(known)}


def public_errors() -> dict[int, OpenApiResponse]:
    """The errors of a route that needs no authentication."""
    return {status: _error(*_MEANINGS[status]) for status in (400, 405, 406, 429)}


def example(value: Any, *, request: bool = False) -> OpenApiExample:
    """One example, of a request or of a successful answer."""
    return OpenApiExample(
        "Request" if request else "Answer", value=value, request_only=request, response_only=not request
    )


PERMISSION = "x-permission"


def needs(permission: str) -> dict[str, str]:
    """Which permission a route asks for, where it asks for one: `extensions=needs(…)`."""
    return {PERMISSION: str(permission)}


PAGE = [
    OpenApiParameter("limit", int, description="How many at most, up to 1000."),
    OpenApiParameter("offset", int, description="How many to leave out before."),
]


def _error(meaning: str, sentence: str) -> OpenApiResponse:
    return OpenApiResponse(Error, description=meaning, examples=[OpenApiExample("Error", value={"error": sentence})])
