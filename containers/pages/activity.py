"""What happened to a container, who did it and, for those who answer for it, from where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import TextChoices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import audit
from accounts.actor import Actor, Via, actor_of
from accounts.models import AuditEntry
from accounts.pages.audit import Change, changes_of
from accounts.permissions import Permission
from containers import access
from containers.configure import said
from containers.models import Event
from containers.pages import shown
from containers.pages.container import show_tab
from containers.pages.shown import Shown
from containers.patterns import INVISIBLE
from rules.pages import page

ROWS = 50
Kind = Event.Kind


class About(TextChoices):
    """What people look for."""

    POWER = "power"
    CRASHES = "crashes"
    INSTALLATION = "installation"
    SETTINGS = "settings"
    NETWORK = "network"
    FILES = "files"
    ACCESS = "access"


# Of the audit trail, for those who answer for the container: what was done to its files, and who was let in.
ACTIONS: dict[str, tuple[str, ...]] = {
    About.FILES: ("file.", "archive.", "backup.", "operation.", "volume."),
    About.ACCESS: ("grant.", "sftp."),
}
KINDS: dict[About, tuple[Kind, ...]] = {
    About.POWER: (Kind.STARTING, Kind.STARTED, Kind.RUNNING, Kind.STOPPING, Kind.KILLING, Kind.EXIT),
    About.CRASHES: (Kind.CRASHED, Kind.STAYS_DOWN),
    About.INSTALLATION: (
        Kind.INSTALLING,
        Kind.PULLING,
        Kind.PULLED,
        Kind.CREATED,
        Kind.INSTALL_STARTED,
        Kind.INSTALLED,
        Kind.FAILED,
    ),
    About.SETTINGS: (Kind.SETTINGS,),
    About.NETWORK: (Kind.REBINDING, Kind.REBOUND, Kind.REBIND_FAILED),
}


@dataclass(frozen=True)
class Happened:
    """An event as a row of the page."""

    event: Event
    door: str  # empty: nobody's doing, or not to be seen
    address: str
    changes: list[Change]  # of settings
    last_words: str  # of a process that crashed


@dataclass(frozen=True)
class Done:
    """An entry of the audit trail as a row of the page."""

    entry: AuditEntry
    path: str  # in the volume
    door: str
    changes: list[Change]


@page
def show(request: HttpRequest, internal_id: str) -> HttpResponse:
    """The tab; what is in it is asked for again whenever something happens."""
    actor = actor_of(request)
    one = shown.find(actor, internal_id)
    return show_tab(request, "activity", one, **listed(request, actor, one))


@page
def show_list(request: HttpRequest, internal_id: str) -> HttpResponse:
    """The list alone."""
    actor = actor_of(request)
    one = shown.find(actor, internal_id)
    return render(request, "containers/_activity.html", {"one": one, **listed(request, actor, one)})


def listed(request: HttpRequest, actor: Actor, one: Shown) -> dict[str, Any]:
    about = request.GET.get("about", "")
    sees_origins = access.answers_for(actor, one.container)
    abouts = [each for each in About if each in KINDS or sees_origins]
    shows_trail = about in ACTIONS and sees_origins
    rows = trail(request, one, about) if shows_trail else happenings(request, one, about, sees_origins)
    return {"sees_origins": sees_origins, "abouts": abouts, "about": about, **rows}


def happenings(request: HttpRequest, one: Shown, about: str, sees_origins: bool) -> dict[str, Any]:
    """What happened to the container."""
    found = one.container.events.all()
    if about in KINDS:
        found = found.filter(kind__in=KINDS[About(about)])
    part: Page[Event] = Paginator(found, ROWS).get_page(request.GET.get("page"))
    return {"part": part, "rows": happened(one, part.object_list, sees_origins)}


def trail(request: HttpRequest, one: Shown, about: str) -> dict[str, Any]:
    """What was done to what belongs to it, refused attempts too."""
    target = one.container.volume_id if about == About.FILES else one.container.internal_id
    found = audit.of_target(target, ACTIONS[about])
    part: Page[AuditEntry] = Paginator(found, ROWS).get_page(request.GET.get("page"))
    return {"part": part, "done": [_done(target, entry) for entry in part.object_list]}


def _done(target: object, entry: AuditEntry) -> Done:
    return Done(
        entry=entry,
        path=entry.target.removeprefix(str(target)).lstrip("/"),
        door=Via(entry.via).label,
        changes=changes_of(entry),
    )


def happened(one: Shown, rows: Iterable[Event], sees_origins: bool) -> list[Happened]:
    """Events with what is known beside them, in one query more."""
    rows = list(rows)
    origins = audit.origins(one.container, [row.request_id for row in rows]) if sees_origins else {}
    return [_happened(one, row, origins.get((row.request_id, row.actor))) for row in rows]


def _happened(one: Shown, row: Event, origin: AuditEntry | None) -> Happened:
    output = row.data.get("output", "") if one.allows(Permission.CONSOLE_READ) else ""
    return Happened(
        event=row,
        door=Via(origin.via).label if origin else "",
        address=(origin.address or "") if origin else "",
        changes=changes(origin) if origin and "waiting" in row.data else [],
        last_words=INVISIBLE.sub(b"", output.encode()).decode("utf-8", "replace"),
    )


def changes(entry: AuditEntry) -> list[Change]:
    """What settings were and are."""
    before, after = entry.before or {}, entry.after or {}
    return [Change(name.replace("_", " "), said(name, before.get(name)), said(name, after[name])) for name in after]
