"""The file manager, on a volume's own page and as a tab of a container's: `?path=` shows what is there.

A page is looked at only. What changes files goes from the browser to the routes of the API: uploads have to anyway, and
so each change has one address, and one answer if it is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlencode

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.actor import Actor, actor_of
from accounts.permissions import Permission
from rules.pages import page
from rules.serializers import validated
from volumes import access, files
from volumes.archives import Format
from volumes.models import Operation, Volume
from volumes.operations import queue
from volumes.pages import quota
from volumes.pages.quota import Quota
from volumes.serializers import FolderQuery, SearchQuery
from volumes.tree import Entry, Kind, Order
from volumes.tree.draft import DRAFT
from volumes.tree.names import parse, path_of, shown

ROWS = 200
# What browsers show as a picture and nothing else: an SVG may have scripts in it.
PICTURES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
LARGEST_PICTURE = 10 << 20  # bytes; they become a part of the page
# A NUL among as many bytes at its beginning is how Git, too, tells that a file is not text.
HEAD = 8000

_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)

ICONS = {Kind.DIRECTORY: "folder", Kind.FILE: "file", Kind.SYMLINK: "link", Kind.OTHER: "help-circle"}
# They turn the reading direction of what stands beside them.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class View(StrEnum):
    """How a file is shown."""

    EDITOR = "editor"
    PICTURE = "picture"
    END = "end"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Row:
    """What is at a path."""

    path: str
    entry: Entry
    found: bool = False  # by a search, anywhere below: its name says where

    @property
    def name(self) -> str:
        return readable(self.path if self.found else shown(self.entry.name))

    @property
    def quoted(self) -> str:
        """The path for an address, or for an attribute, where a browser would turn a line's end into another."""
        return quote(self.path, safe="")

    @property
    def target(self) -> str:
        return readable(shown(self.entry.target or ""))

    @property
    def unfinished(self) -> bool:
        """Whether it is being uploaded or copied at this moment, or was when it was cut off."""
        return self.entry.name.startswith(DRAFT)

    @property
    def icon(self) -> str:
        return ICONS[self.entry.kind]

    @property
    def opens(self) -> bool:
        return self.entry.kind in (Kind.DIRECTORY, Kind.FILE)

    @property
    def mode(self) -> str:
        return files.octal(self.entry.mode)

    @property
    def modified(self) -> datetime | None:
        """None for a time that no calendar has: a container may set any."""
        try:
            return datetime.fromtimestamp(self.entry.modified_at, UTC)
        except (ValueError, OverflowError, OSError):
            return None


@dataclass(frozen=True)
class Crumb:
    label: str
    address: str


@dataclass(frozen=True)
class Column:
    """One that the list can be sorted by."""

    label: str
    address: str  # of the list sorted by it, or by it the other way round
    sorted: str  # ARIA's word for how the list is sorted by it


@dataclass(frozen=True)
class Place:
    """Where in a volume one is, and what one may do there."""

    volume: Volume
    path: str
    may_write: bool
    quota: Quota

    @property
    def api(self) -> str:
        """Where the routes of the volume's files are."""
        return f"/volumes/{self.volume.pk}"

    @property
    def quoted(self) -> str:
        return quote(self.path, safe="")

    @property
    def unfinished(self) -> str:
        """The ids of the operations that go on."""
        of_archives = queue.unfinished(self.volume).filter(kind__in=Operation.OF_ARCHIVES)
        return " ".join(map(str, of_archives.reverse().values_list("pk", flat=True)))

    @property
    def formats(self) -> list[Format]:
        """That archives are made in."""
        return list(Format)

    @property
    def crumbs(self) -> list[Crumb]:
        names = parse(self.path)
        return [
            Crumb(readable(shown(name)), address(path=path_of(names[: depth + 1]))) for depth, name in enumerate(names)
        ]


@dataclass(frozen=True)
class Folder(Place):
    """A folder, or what a search below it found."""

    rows: Sequence[Row]
    search: str
    complete: bool = True  # else the search found more
    columns: Sequence[Column] = ()
    part: Page[Any] | None = None
    template: str = field(default="volumes/files/_folder.html", init=False)


@dataclass(frozen=True)
class File(Place):
    """Anything but a folder."""

    row: Row
    view: View
    template: str = field(default="volumes/files/_file.html", init=False)

    @property
    def above(self) -> str:
        return address(path=path_of(parse(self.path)[:-1]))


@page
def show(request: HttpRequest, volume_id: str) -> HttpResponse:
    found = at_path(request, volume_id)
    return render(request, "volumes/files.html", {"files": found, "name": found.volume.short})


def at_path(request: HttpRequest, volume_id: str) -> Folder | File:
    """What the request asks to see of the volume's files."""
    actor = actor_of(request)
    query = validated(FolderQuery, request.GET)
    volume = access.find_files(actor, volume_id, Permission.FILES_READ)
    may_write = access.may(actor, Permission.FILES_WRITE, volume)
    place = Place(volume, query["path"], may_write, quota.of(actor, volume))
    if request.GET.get("query"):
        return _found(actor, place, request)
    entry = files.look(actor, volume_id, place.path)
    if entry.kind == Kind.DIRECTORY:
        return _folder(actor, place, Order(query["sort"]), request.GET.get("page", ""))
    row = Row(place.path, entry)
    return File(**vars(place), row=row, view=_view(actor, place, entry))


def _found(actor: Actor, place: Place, request: HttpRequest) -> Folder:
    query = validated(SearchQuery, {"path": place.path, "query": request.GET["query"], "limit": ROWS})
    found = files.search(actor, str(place.volume.pk), place.path, query["query"], query["limit"])
    rows = [Row(path_of(where), entry, found=True) for where, entry in found.entries]
    return Folder(**vars(place), rows=rows, search=query["query"], complete=found.complete)


def _folder(actor: Actor, place: Place, order: Order, number: str) -> Folder:
    def read(offset: int) -> tuple[list[Entry], int]:
        return files.list_folder(actor, str(place.volume.pk), place.path, order, ROWS, offset)

    part = _part(read, int(number) if _NUMBER.fullmatch(number) else 1)
    here = parse(place.path)
    rows = [Row(path_of((*here, entry.name)), entry) for entry in part]
    return Folder(**vars(place), rows=rows, search="", columns=_columns(place, order), part=part)


def _part(read: Callable[[int], tuple[list[Entry], int]], number: int) -> Page[Any]:
    """A page of a folder; the last one, if there are not as many any more."""
    entries, count = read((number - 1) * ROWS)
    paginator = Paginator(range(count), ROWS)
    if number > paginator.num_pages:
        number = paginator.num_pages
        entries, _ = read((number - 1) * ROWS)
    return Page(entries, number, paginator)


def _columns(place: Place, now: Order) -> list[Column]:
    """By size and time what is largest and latest comes first: that is what people look for."""
    first = {"Name": Order.NAME, "Size": Order.SIZE_DOWN, "Modified": Order.MODIFIED_DOWN}
    return [_column(place, label, order, now) for label, order in first.items()]


def _column(place: Place, label: str, first: Order, now: Order) -> Column:
    other = Order(first[1:] if first.startswith("-") else f"-{first}")
    order = other if now == first else first
    words = "descending" if now.startswith("-") else "ascending"
    return Column(label, address(path=place.path, sort=order), words if now in (first, other) else "none")


def _view(actor: Actor, place: Place, entry: Entry) -> View:
    if entry.kind != Kind.FILE:
        return View.NOTHING
    if entry.mime in PICTURES:
        return View.PICTURE if entry.size <= LARGEST_PICTURE else View.NOTHING
    with files.open_file(actor, str(place.volume.pk), place.path) as file:
        if b"\0" in file.read(0, HEAD):
            return View.NOTHING
        return View.EDITOR if file.entry.size <= files.LARGEST_TEXT else View.END


def address(**query: str) -> str:
    """Of another place on the same page."""
    return "?" + urlencode({name: value for name, value in query.items() if value})


def readable(name: str) -> str:
    """A name without what would break its line, or turn the reading direction: that stands there as an escape."""
    return "".join(
        f"\\u{ord(each):04x}" if each in _TURNING or unicodedata.category(each) in ("Cc", "Zl", "Zp") else each
        for each in name
    )
