"""The installation of a container: how far it is, what it prints, and doing it again."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.actor import Actor, actor_of
from accounts.permissions import Permission
from containers import access, host_images, lifecycle
from containers.forms import ReinstallForm
from containers.pages import installation, shown
from containers.pages.container import show_tab
from containers.pages.shown import Shown
from containers.serializers.requests import ReinstallSerializer
from containers.sockets import history
from containers.spool import INSTALL_LOG
from rules.errors import LightdError
from rules.pages import action, form_page, page, status_of
from rules.serializers import validated


@form_page
@login_required
def show(request: HttpRequest, internal_id: str) -> HttpResponse:
    """The latest, live; and the form for another one."""
    actor = actor_of(request)
    if request.method != "POST":
        one = shown.find(actor, internal_id)
        return _show(request, actor, one, ReinstallForm(one.container))
    one = shown.find(actor, internal_id, Permission.REINSTALL)
    form = ReinstallForm(one.container, request.POST)
    if not form.is_valid():
        return _show(request, actor, one, form)
    try:
        lifecycle.reinstall(actor, internal_id, **validated(ReinstallSerializer, form.body()))
    except LightdError as error:
        return _show(request, actor, one, form, error)
    return redirect("containers:install", internal_id)


@page
def progress(request: HttpRequest, internal_id: str) -> HttpResponse:
    """How far it is, asked for whenever something happened."""
    return _show_progress(request, actor_of(request), internal_id)


@page
def output(request: HttpRequest, internal_id: str) -> HttpResponse:
    """What it printed, as it is kept: the end of it, if that is long."""
    container = access.find(actor_of(request), internal_id, Permission.CONSOLE_READ)
    text = history.whole(container.directory / INSTALL_LOG)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@action
def retry(request: HttpRequest, internal_id: str) -> HttpResponse:
    """The same once more."""
    actor = actor_of(request)
    lifecycle.reinstall(actor, internal_id)
    return _show_progress(request, actor, internal_id)


def _show_progress(request: HttpRequest, actor: Actor, internal_id: str) -> HttpResponse:
    one = shown.find(actor, internal_id)
    context = {"one": one, "installation": installation.latest(one.container), "beside": True}
    return render(request, "containers/_installation.html", context)


def _show(
    request: HttpRequest, actor: Actor, one: Shown, form: ReinstallForm, error: LightdError | None = None
) -> HttpResponse:
    if error:
        form.refuse(error)
    return show_tab(
        request,
        "install",
        one,
        status=status_of(form, error),
        form=form,
        installation=installation.latest(one.container),
        images=host_images.suggestions(actor),
    )
