"""The page of one container: its head, which every tab has on top, and the tabs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.actor import actor_of
from accounts.permissions import Permission
from containers import access
from containers.forms import host_port_shown
from containers.pages import shown
from containers.pages.shown import Shown
from ports.pool import ANY_IPV4, ANY_IPV6, Binding
from rules.pages import page


@dataclass(frozen=True)
class Tab:
    """A part of the page, at an address of its own: `containers:<name>`."""

    name: str
    label: str
    icon: str
    permission: Permission


TABS = (
    Tab("console", "Console", "terminal", Permission.CONSOLE_READ),
    Tab("files", "Files", "folder", Permission.FILES_READ),
    Tab("backups", "Backups", "archive", Permission.FILES_READ),
    Tab("statistics", "Statistics", "chart-line", Permission.VIEW),
    Tab("network", "Network", "network", Permission.NETWORK),
    Tab("settings", "Settings", "settings", Permission.SETTINGS),
    Tab("install", "Install", "package", Permission.VIEW),
    Tab("activity", "Activity", "history", Permission.VIEW),
    Tab("sharing", "Sharing", "share", Permission.SHARE),
    Tab("danger", "Danger", "alert-triangle", Permission.DELETE),
)


@dataclass(frozen=True)
class TabLink:
    """One of the tabs of this container."""

    tab: Tab
    address: str


def address_of(request: HttpRequest, binding: Binding) -> str:
    """Where a client connects to: on every address of the host, the one that this page was reached by is good."""
    if binding.ip not in (ANY_IPV4, ANY_IPV6):
        return host_port_shown(binding.ip, binding.host_port)
    host, _ = split_domain_port(request.get_host())
    return f"{host}:{binding.host_port}"


def addresses(request: HttpRequest, one: Shown) -> list[tuple[str, Binding]]:
    return [(address_of(request, each), each) for each in one.ports]


def show_head(request: HttpRequest, one: Shown) -> HttpResponse:
    """The head alone, as it is now."""
    return render(request, "containers/_head.html", {"one": one, "addresses": addresses(request, one)})


def show_tab(request: HttpRequest, tab: str, one: Shown, status: int = 200, **context: Any) -> HttpResponse:
    """A tab, below the head of its container."""
    tabs = [
        TabLink(each, reverse(f"containers:{each.name}", args=[one.container.internal_id]))
        for each in TABS
        if one.allows(each.permission)
    ]
    frame = {
        "one": one,
        "addresses": addresses(request, one),
        "tabs": tabs,
        "current": tab,
        "is_theirs": access.answers_for(actor_of(request), one.container),
    }
    return render(request, f"containers/{tab}.html", {**frame, **context}, status=status)


@page
def enter(request: HttpRequest, internal_id: str) -> HttpResponse:
    """A container opens on its console; for who may not read it, on the first tab that they may."""
    one = shown.find(actor_of(request), internal_id)
    first = next(tab for tab in TABS if one.allows(tab.permission))
    return redirect(f"containers:{first.name}", internal_id)


@page
def head(request: HttpRequest, internal_id: str) -> HttpResponse:
    """Asked for when the container changed."""
    return show_head(request, shown.find(actor_of(request), internal_id))
