"""The console of a container: the page, its log to keep, and what was typed there before."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.debug import sensitive_post_parameters

from accounts.actor import actor_of
from accounts.permissions import Permission
from containers import access, commands, limits
from containers.pages import shown
from containers.pages.container import show_tab
from containers.sockets import history
from containers.sockets.consumer import MAX_LINE
from rules.pages import action, form_page, page


@page
def show(request: HttpRequest, internal_id: str) -> HttpResponse:
    """The page opens the console's socket where the lines begin that a terminal keeps."""
    one = shown.find(actor_of(request), internal_id, Permission.CONSOLE_READ)
    return show_tab(
        request,
        "console",
        one,
        since=history.start_of(one.container.directory, history.MAX_TAIL),
        cpu_limit=one.cpu_limit or limits.host_cores() * shown.PERCENT_A_CORE,
        longest_command=MAX_LINE - 1,  # and the line feed
        longest_kept=commands.LONGEST,
    )


@page
def download(request: HttpRequest, internal_id: str) -> StreamingHttpResponse:
    """All that is kept of it, as a text file."""
    container = access.find(actor_of(request), internal_id, Permission.CONSOLE_READ)
    response = StreamingHttpResponse(streamed(history.plain(container.directory)), content_type="text/plain")
    response["Content-Disposition"] = f'attachment; filename="{container.internal_id}.log"'
    return response


async def streamed(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Pieces that are read from the disk, without keeping everyone else waiting meanwhile."""
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


@sensitive_post_parameters("command")
@form_page
@login_required
def typed(request: HttpRequest, internal_id: str) -> HttpResponse:
    """What one typed here before, the latest last; a POST adds what was sent just now."""
    actor = actor_of(request)
    if request.method == "POST":
        commands.remember(actor, internal_id, request.POST.get("command", ""))
        return HttpResponse(status=204)
    return JsonResponse({"commands": commands.recall(actor, internal_id)})


@action
def forget(request: HttpRequest, internal_id: str) -> HttpResponse:
    """What one typed here is kept no more."""
    commands.forget(actor_of(request), internal_id)
    said = {"toast": "The commands that you typed here are forgotten", "commands-forgotten": ""}
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(said)})
