"""What the navigation of every page leads to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True)
class Entry:
    """A page, by the name of its address, with the name of its icon in static/vendor/tabler-icons/."""

    label: str
    page: str
    icon: str
    administrators_only: bool = False


ENTRIES = (
    Entry("Overview", "home", "home"),
    Entry("Containers", "containers:list", "server"),
    Entry("Ports", "ports:list", "plug"),
    Entry("Volumes", "volumes:list", "database"),
    Entry("Images", "containers:images", "photo", administrators_only=True),
    Entry("Tokens", "people:tokens", "key"),
    Entry("Users", "people:users", "users", administrators_only=True),
    Entry("Audit", "people:audit", "list", administrators_only=True),
    Entry("Admin", "admin:index", "settings", administrators_only=True),
    Entry("API docs", "docs", "code"),
)


@dataclass(frozen=True)
class Link:
    """An entry as one person sees it from one page."""

    label: str
    address: str
    icon: str
    here: bool


def navigation(request: HttpRequest) -> dict[str, Any]:
    """For every template: the links, worked out only where they are shown."""
    return {"navigation": partial(links, request)}


def links(request: HttpRequest, entries: Iterable[Entry] = ENTRIES) -> Iterator[Link]:
    """Those of the entries that this person may follow."""
    for entry in entries:
        if not _is_for(entry, request):
            continue
        address = reverse(entry.page)
        yield Link(entry.label, address, entry.icon, _is_at(request.path, address))


def _is_for(entry: Entry, request: HttpRequest) -> bool:
    """Whether the page is for whoever asks; the page itself refuses everyone else."""
    return request.user.is_superuser or not entry.administrators_only


def _is_at(path: str, address: str) -> bool:
    """Whether that is the page, or one below it: below the first page is everything."""
    return path == address or (address != "/" and path.startswith(address.rstrip("/") + "/"))
