"""Deleting a container."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.actor import actor_of
from accounts.permissions import Permission
from containers import lifecycle
from containers.pages import shown
from containers.pages.container import show_tab
from rules.errors import LightdError
from rules.forms import TypedNameForm
from rules.pages import form_page, status_of


@form_page
@login_required
def show(request: HttpRequest, internal_id: str) -> HttpResponse:
    """What goes and what stays; with its name typed it is done."""
    actor = actor_of(request)
    one = shown.find(actor, internal_id, Permission.DELETE)
    form = TypedNameForm(internal_id, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return show_tab(request, "danger", one, status=status_of(form), form=form)
    try:
        lifecycle.delete(actor, internal_id)
    except LightdError as error:
        form.refuse(error)
        return show_tab(request, "danger", one, status=status_of(form, error), form=form)
    messages.success(request, f"{internal_id} is deleted. Its volume {one.container.volume_id} is kept.")
    return redirect("containers:list")
