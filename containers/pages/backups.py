"""The backups of a container's volume."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from accounts.actor import actor_of
from accounts.permissions import Permission
from containers.pages import shown
from containers.pages.container import show_tab
from rules.pages import page
from volumes.pages.backups import of_volume


@page
def show(request: HttpRequest, internal_id: str) -> HttpResponse:
    one = shown.find(actor_of(request), internal_id, Permission.FILES_READ)
    return show_tab(request, "backups", one, **of_volume(request, str(one.container.volume_id)))
