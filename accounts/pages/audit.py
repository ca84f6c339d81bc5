"""The audit trail, for administrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.cache import never_cache

from accounts import audit, audit_export
from accounts.actor import Via, actor_of
from accounts.forms.audit import AuditQueryForm
from accounts.models import AuditEntry
from accounts.serializers import AuditQuery
from rules.errors import Invalid, LightdError, NotFound
from rules.pages import is_of_htmx, page, show
from rules.serializers import validated

ROWS = 50
FORMATS = {"csv": audit_export.CSV, "jsonl": audit_export.JSON_LINES}


@dataclass(frozen=True)
class Change:
    """One setting, as text, before and after."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Row:
    """An entry, and what it says was changed."""

    entry: AuditEntry
    door: str
    changes: list[Change]


@dataclass(frozen=True)
class Part:
    """A stretch of the trail, by where it begins and ends: counting all of it would take longer than showing this."""

    rows: list[Row]
    newer: int | None  # show what comes after this entry; None: there is nothing
    older: int | None


@never_cache
@page
def show_list(request: HttpRequest) -> HttpResponse:
    """All of it, or what is looked for; the table alone, if htmx asks."""
    trail = audit.trail(actor_of(request))
    template = "accounts/audit/_list.html" if is_of_htmx(request) else "accounts/audit/list.html"
    form = AuditQueryForm(request.GET)
    try:
        return show(request, template, form, part=_part(_found(trail, form), request))
    except LightdError as error:
        return show(request, template, form, error, part=Part([], None, None))


@page
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """All that is looked for as a file."""
    trail = audit.trail(actor_of(request))
    if kind not in FORMATS:
        raise NotFound("There is no such export")
    return audit_export.download(_found(trail, AuditQueryForm(request.GET)), FORMATS[kind])


def _found(trail: QuerySet[AuditEntry], form: AuditQueryForm) -> QuerySet[AuditEntry]:
    if not form.is_valid():
        raise Invalid("The search is not valid")
    return audit.narrowed(trail, validated(AuditQuery, form.body()))


def _part(found: QuerySet[AuditEntry], request: HttpRequest) -> Part:
    """What comes before or after the entry that the address names, else the newest."""
    before, after = _number(request.GET.get("before")), _number(request.GET.get("after"))
    if after is not None:
        entries = list(found.filter(pk__gt=after).order_by("pk")[: ROWS + 1])
        has_newer, has_older = len(entries) > ROWS, True
        shown = entries[:ROWS][::-1]
    else:
        entries = list((found if before is None else found.filter(pk__lt=before)).order_by("-pk")[: ROWS + 1])
        has_newer, has_older = before is not None, len(entries) > ROWS
        shown = entries[:ROWS]
    return Part(
        rows=[Row(entry, Via(entry.via).label, changes_of(entry)) for entry in shown],
        newer=shown[0].pk if shown and has_newer else None,
        older=shown[-1].pk if shown and has_older else None,
    )


def _number(text: str | None) -> int | None:
    """The key of an entry; None for what is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 18 else None


def changes_of(entry: AuditEntry) -> list[Change]:
    before, after = entry.before or {}, entry.after or {}
    names = dict.fromkeys([*before, *after])
    changes = [Change(name, _text(before.get(name)), _text(after.get(name))) for name in names]
    return [change for change in changes if change.before or change.after]


def _text(value: Any) -> str:
    """As it is read; empty for nothing."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case list():
            return ", ".join(map(_text, value))
    return orjson.dumps(value).decode()
