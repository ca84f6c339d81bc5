"""Suggestions while a container's name is typed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.actor import actor_of
from containers import access
from rules.pages import page

SUGGESTED = 20


@page
def suggest(request: HttpRequest) -> HttpResponse:
    """The first of those that one sees whose name has the text in it, for a `<datalist>`."""
    text = request.GET.get("containers", "").strip()
    found = access.visible(actor_of(request)).filter(internal_id__icontains=text).order_by("internal_id")
    return render(request, "containers/_names.html", {"names": found.values_list("internal_id", flat=True)[:SUGGESTED]})
