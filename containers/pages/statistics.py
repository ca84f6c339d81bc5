"""What a container uses, now and over time.

The page asks the API's own route for the past: a chart is drawn again every minute, so that embedded data would be a
second way to the same, and the page is there before its thousand points are.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.actor import actor_of
from containers.pages import shown
from containers.pages.container import show_tab
from containers.pages.shown import Shown
from containers.samples import Window
from containers.serializers.requests import wanted_window
from rules.pages import page
from volumes import usage


@page
def show(request: HttpRequest, internal_id: str) -> HttpResponse:
    one = shown.find(actor_of(request), internal_id)
    context = {"windows": Window, "window": wanted_window(request.GET), **_of_volume(one)}
    return show_tab(request, "statistics", one, **context)


@page
def figures(request: HttpRequest, internal_id: str) -> HttpResponse:
    """What it uses now, asked for again when its state changed."""
    one = shown.find(actor_of(request), internal_id)
    return render(request, "containers/statistics/_figures.html", {"one": one, **_of_volume(one)})


def _of_volume(one: Shown) -> dict[str, Any]:
    """Bytes."""
    volume = one.container.volume
    return {"volume_used": usage.known(volume), "volume_limit": volume.limit}
