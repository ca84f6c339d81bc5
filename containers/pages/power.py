"""Power buttons: one container's, and those of many at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts.actor import Actor, actor_of
from containers import lifecycle
from containers.models import Container
from containers.pages import shown
from containers.pages.container import show_head
from rules.errors import NotFound
from rules.pages import action as page_action

ACTIONS: dict[str, Callable[[Actor, str], Any]] = {
    "start": lifecycle.start,
    "stop": lifecycle.stop,
    "restart": lifecycle.restart,
    "kill": lifecycle.kill,
}


def action_called(name: str) -> Callable[[Actor, str], Any]:
    if name not in ACTIONS:
        raise NotFound("There is no such action")
    return ACTIONS[name]


@page_action
def act(request: HttpRequest, internal_id: str, action: str) -> HttpResponse:
    """One container; the answer is its head as it is now."""
    actor = actor_of(request)
    container: Container = action_called(action)(actor, internal_id)
    return show_head(request, shown.find(actor, container.internal_id))
