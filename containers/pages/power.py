"""A container's power buttons."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from accounts.actor import actor_of
from containers.lifecycle import POWER
from containers.pages import shown
from containers.pages.container import show_head
from rules.errors import NotFound
from rules.pages import action as page_action


@page_action
def act(request: HttpRequest, internal_id: str, action: str) -> HttpResponse:
    """One container; the answer is its head as it is now."""
    if action not in POWER:
        raise NotFound("There is no such action")
    actor = actor_of(request)
    container = POWER[action](actor, internal_id)
    return show_head(request, shown.find(actor, container.internal_id))
