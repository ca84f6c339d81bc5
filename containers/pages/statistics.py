"""What a container uses, now and over time.

The page asks the API's own route for the past: a chart is drawn again every minute, so that embedded data would be a
second way to the same, and the page is there before its thousand points are.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.actor import actor_of
from containers.pages import shown
from containers.pages.container import show_tab
from containers.samples import Window
from containers.serializers.requests import wanted_window
from rules.pages import page
from volumes import usage


@page
def show(request: HttpRequest, internal_id: str) -> HttpResponse:
    one = shown.find(actor_of(request), internal_id)
    window, used = wanted_window(request.GET), usage.known(one.container.volume)
    return show_tab(request, "statistics", one, windows=Window, window=window, volume_used=used)


@page
def figures(request: HttpRequest, internal_id: str) -> HttpResponse:
    """What it uses now, asked for again when its state changed."""
    one = shown.find(actor_of(request), internal_id)
    context = {"one": one, "volume_used": usage.known(one.container.volume)}
    return render(request, "containers/statistics/_figures.html", context)
