"""Deleting a container."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.actor import Actor, actor_of
from accounts.permissions import Permission, allows
from containers import lifecycle
from containers.forms import DeleteForm
from containers.models import Container
from containers.pages import shown
from containers.pages.container import show_tab
from containers.pages.shown import Shown
from rules.errors import LightdError
from rules.pages import form_page, status_of
from volumes import access, usage
from volumes.backups import lifecycle as backups
from volumes.models import Volume


@form_page
@login_required
def show(request: HttpRequest, internal_id: str) -> HttpResponse:
    """What goes and what stays; with its name typed it is done."""
    actor = actor_of(request)
    one = shown.find(actor, internal_id, Permission.DELETE)
    volume = _volume_to_go(actor, one.container)
    form = DeleteForm(one.container, volume, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _show(request, one, form)
    try:
        lifecycle.delete(actor, internal_id)
    except LightdError as error:
        form.refuse(error)
        return _show(request, one, form, error)
    if volume and form.cleaned_data["with_volume"]:
        _delete_volume(request, actor, internal_id, volume)
    else:
        messages.success(request, f"{internal_id} is deleted. Its volume {one.container.volume_id} is kept.")
    return redirect("containers:list")


def _volume_to_go(actor: Actor, container: Container) -> Volume | None:
    """The volume, if whoever deletes its container may delete it as well, and nothing else uses it."""
    if not allows(actor, Permission.VOLUMES) or container.volume.containers.exclude(pk=container.pk).exists():
        return None
    return access.visible(actor).filter(pk=container.volume_id).first()


def _delete_volume(request: HttpRequest, actor: Actor, internal_id: str, volume: Volume) -> None:
    """The container is gone already: a refusal now is about the volume alone."""
    try:
        kept = backups.delete_with_volume(actor, str(volume.pk))
    except LightdError as error:
        messages.warning(request, f"{internal_id} is deleted. Its volume {volume.pk} is kept: {error.sentence}.")
        return
    if kept:
        said = f"with its volume. Of its backups these stay, locked or in use: {', '.join(kept)}."
    else:
        said = "with its volume and its backups."
    messages.success(request, f"{internal_id} is deleted, {said}")


def _show(request: HttpRequest, one: Shown, form: DeleteForm, error: LightdError | None = None) -> HttpResponse:
    form.focus_mistake()
    used = usage.known(one.container.volume)
    return show_tab(request, "danger", one, status=status_of(form, error), form=form, volume_used=used)
