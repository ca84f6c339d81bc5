"""The files of a container: those of its volume, where it has its home."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from accounts.actor import actor_of
from accounts.permissions import Permission
from containers.engine.config import HOME
from containers.pages import shown
from containers.pages.container import show_tab
from rules.pages import page
from volumes.pages.files import at_path


@page
def show(request: HttpRequest, internal_id: str) -> HttpResponse:
    one = shown.find(actor_of(request), internal_id, Permission.FILES_READ)
    return show_tab(request, "files", one, files=at_path(request, str(one.container.volume_id)), root=HOME)
