"""The audit trail as a file: CSV or JSON lines, of as many entries as there are."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from accounts import audit
from accounts.models import AuditEntry

BATCH = 1000  # entries that are in memory at once


@dataclass(frozen=True)
class Format:
    """A kind of file, and how entries are written into it."""

    content_type: str
    name: str
    head: bytes
    write: Callable[[Iterable[AuditEntry]], bytes]


def download(entries: QuerySet[AuditEntry], as_: Format) -> StreamingHttpResponse:
    """The entries as a file, sent as they are read from the database."""
    disposition = f'attachment; filename="{as_.name}"'
    return StreamingHttpResponse(
        _parts(entries, as_), content_type=as_.content_type, headers={"Content-Disposition": disposition}
    )


async def _parts(entries: QuerySet[AuditEntry], as_: Format) -> AsyncIterator[bytes]:
    """Asynchronous, or Django would read everything before it sends anything. Each batch is a query of its own: one
    that stayed open would hold the connection, which other requests use meanwhile."""
    yield as_.head
    batch = await _first(entries)
    while batch:
        yield as_.write(batch)
        batch = await _first(entries.filter(pk__lt=batch[-1].pk))


@sync_to_async
def _first(entries: QuerySet[AuditEntry]) -> Sequence[AuditEntry]:
    return list(entries.order_by("-pk")[:BATCH])


def _as_json_lines(entries: Iterable[AuditEntry]) -> bytes:
    return b"".join(orjson.dumps(audit.shown(entry)) + b"\n" for entry in entries)


def _as_csv(entries: Iterable[AuditEntry]) -> bytes:
    return _lines(map(_cell, audit.shown(entry).values()) for entry in entries)


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    """A value as a spreadsheet may have it: never as a formula, whoever chose the text (OWASP, CSV injection)."""
    text = value if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


CSV = Format("text/csv", "audit.csv", _lines([audit.FIELDS]), _as_csv)
JSON_LINES = Format("application/x-ndjson", "audit.jsonl", b"", _as_json_lines)
