"""Answers that are files: as attachments, whole or the range that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header, http_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.request import Request

from volumes import downloads
from volumes.downloads import Span

BYTES = OpenApiResponse(OpenApiTypes.BINARY, description="The file's bytes.")
RANGE = OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="One range: `bytes=1000-`.")


@dataclass(frozen=True)
class Sent:
    """What a file is told to be."""

    name: str
    mime: str
    size: int  # bytes
    version: str
    modified_at: float  # Unix seconds


def send(request: Request, file: Sent, body: Callable[[Span], Any]) -> StreamingHttpResponse:
    """The answer with the file, or with the span of it that was asked for.

    Args:
        body: makes what is sent of a span.
    """
    tag = f'"{file.version}"'
    # The range of another version says nothing of this one, not even when it is behind its end.
    is_of_this = request.headers.get("If-Range", tag) == tag
    span = downloads.asked(request.headers.get("Range", ""), file.size) if is_of_this else None
    answer = StreamingHttpResponse(
        body(Span(0, 0) if request.method == "HEAD" else span or Span(0, file.size)),
        status=206 if span else 200,
        headers={
            **headers(file.name, file.mime),
            "Accept-Ranges": "bytes",
            "Content-Length": str(span.length if span else file.size),
            "ETag": tag,
            "Last-Modified": http_date(file.modified_at),
        },
    )
    if span:
        answer["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{file.size}"
    return answer


def headers(name: str, mime: str) -> dict[str, str]:
    """Of whatever somebody else has put there: never to be run as a page of ours."""
    return {
        "Content-Type": mime,
        "Content-Disposition": content_disposition_header(True, name) or "attachment",
        "X-Content-Type-Options": "nosniff",
    }
