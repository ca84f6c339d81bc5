"""The settings of a container: what can be changed at once, what waits for a restart, and what makes it anew."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.actor import Actor, actor_of
from accounts.permissions import Permission
from containers import configure, limits, patterns
from containers.configure import Effect, Overtaken, said, spelled
from containers.models import Container, Event
from containers.pages import shown
from containers.pages.container import show_tab
from containers.pages.shown import Shown
from containers.settings_forms import ResourcesForm, SettingsForm, shown_resources, shown_settings
from containers.sockets import history
from rules.errors import LightdError
from rules.forms import PageForm, changes_rows
from rules.pages import action, form_page, page, status_of

SAMPLE_LINES = 50


@form_page
@login_required
def show(request: HttpRequest, internal_id: str) -> HttpResponse:
    """The settings; posted, they are changed. What makes the container anew is said first, and asked for again."""
    actor = actor_of(request)
    one = shown.find(actor, internal_id, Permission.SETTINGS)
    if request.method != "POST":
        return _show(request, actor, one)
    if changes_rows(request.POST):
        draft = SettingsForm(actor, one.container, draft=request.POST)
        draft.change_rows(request.POST)
        return _show(request, actor, one, draft)
    form = SettingsForm(actor, one.container, request.POST)
    if not form.is_valid():
        return _show_refused(request, actor, one, form)
    try:
        changes, seen = form.changes(), form.cleaned_data["seen"]
        effect = configure.foresee(actor, internal_id, changes, seen)
        if effect.makes_anew and "foreseen" not in request.POST:
            return _show(request, actor, one, form, preview=effect)
        configure.patch(actor, internal_id, changes, seen)
    except LightdError as error:
        return _show_refused(request, actor, one, form, error)
    return _saved(request, internal_id, effect.changed)


@action
def change_resources(request: HttpRequest, internal_id: str) -> HttpResponse:
    """The limits by Docker's own names."""
    actor = actor_of(request)
    one = shown.find(actor, internal_id, Permission.SETTINGS)
    form = ResourcesForm(one.container, request.POST)
    if not form.is_valid():
        return _show(request, actor, one, resources=form)
    try:
        changes = form.changes()
        if changes:
            configure.update_resources(actor, internal_id, changes, form.cleaned_data["seen"])
    except LightdError as error:
        return _show(request, actor, one, resources=form, error=error)
    return _saved(request, internal_id, changes)


@page
def show_state(request: HttpRequest, internal_id: str) -> HttpResponse:
    """What waits for a restart, and what became of the last change; asked for when something happened."""
    one = shown.find(actor_of(request), internal_id, Permission.SETTINGS)
    return render(request, "containers/_settings_state.html", {"one": one, **state_of(one.container)})


def state_of(container: Container) -> dict[str, Any]:
    return {
        "waits": spelled(configure.waits(container)),
        "last": container.events.filter(kind=Event.Kind.SETTINGS).first(),
    }


def _saved(request: HttpRequest, internal_id: str, changed: dict[str, Any]) -> HttpResponse:
    if changed:
        messages.success(request, f"Saved: {spelled(sorted(changed))}.")
    else:
        messages.info(request, "Nothing was changed.")
    return redirect("containers:settings", internal_id)


def _show_refused(
    request: HttpRequest, actor: Actor, one: Shown, form: SettingsForm, error: LightdError | None = None
) -> HttpResponse:
    """The form with all that is wrong in it, and not only with what was found first."""
    changes, refused = form.changes_in_part()
    for mistake in [*refused, *configure.mistakes(actor, one.container, changes)]:
        form.refuse(mistake)
    return _show(request, actor, one, form, error)


def _show(
    request: HttpRequest,
    actor: Actor,
    one: Shown,
    form: SettingsForm | None = None,
    error: LightdError | None = None,
    resources: ResourcesForm | None = None,
    preview: Effect | None = None,
) -> HttpResponse:
    container = one.container
    posted: PageForm | None = resources or form
    if error and posted:
        posted.refuse(error)
    if posted:
        posted.focus_mistake()
    return show_tab(
        request,
        "settings",
        one,
        status=status_of(posted, error) if posted else 200,
        form=form or SettingsForm(actor, container),
        resources=resources or ResourcesForm(container),
        seen=_seen(request, form, error, shown_settings(actor, container)),
        seen_resources=_seen(request, resources, error, shown_resources(container)),
        preview=preview and [(spelled([name]), *_difference(container, name, preview)) for name in preview.changed],
        cores=limits.host_cores(),
        sample=request.POST.get("sample", ""),
        last_output=_last_output(one),
        most_sample=patterns.MAX_SAMPLE,
        **state_of(container),
    )


def _last_output(one: Shown) -> str:
    """What it printed last, as a pattern sees it: to try one on."""
    if not one.allows(Permission.CONSOLE_READ):
        return ""
    lines, _ = history.tail(one.container.directory, SAMPLE_LINES)
    return patterns.visible(lines)[SAMPLE_LINES - patterns.MAX_SAMPLE :]  # forms send a line's end as two characters


def _difference(container: Container, name: str, effect: Effect) -> tuple[str, str]:
    return said(name, configure.value_of(container, name)), said(name, effect.changed[name])


def _seen(request: HttpRequest, form: PageForm | None, error: LightdError | None, now: dict[str, Any]) -> str:
    """What the form is taken to have shown: what it says itself, and what was said of somebody else's change."""
    if form is None:
        return json.dumps(now)
    if isinstance(error, Overtaken):
        return json.dumps(form.cleaned_data["seen"] | {name: now[name] for name in error.names})
    return str(request.POST.get("seen", ""))
