"""The ports of a container: where it is reached, and moving it to others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.actor import actor_of
from accounts.permissions import Permission
from containers import lifecycle
from containers.forms import PortRow, RebindForm, ports_of
from containers.models import Event
from containers.pages import shown, suggestions
from containers.pages.container import addresses, show_tab
from containers.pages.shown import Shown
from containers.serializers.requests import RebindSerializer
from ports.pool import Binding
from rules.errors import LightdError
from rules.forms import changes_rows, entries
from rules.pages import action, form_page, page, status_of
from rules.serializers import validated

REBINDS = (Event.Kind.REBINDING, Event.Kind.REBOUND, Event.Kind.REBIND_FAILED)


@dataclass(frozen=True)
class Preview:
    """What a rebind would do."""

    wanted: list[Binding]
    freed: list[Binding]
    taken: list[Binding]
    kept: list[Binding]
    redirected: list[Binding]  # the same port of the host, another one of the container

    @property
    def changes(self) -> bool:
        return bool(self.freed or self.taken or self.redirected)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """To ask for exactly these: a port that was any free one is the one that was shown."""
        return ports_of(self.wanted)


@form_page
@login_required
def show(request: HttpRequest, internal_id: str) -> HttpResponse:
    """The ports as they are; posted, what would become of them."""
    actor = actor_of(request)
    one = shown.find(actor, internal_id, Permission.NETWORK)
    if request.method != "POST":
        return _show(request, one, RebindForm(rows=ports_of(one.ports)))
    if changes_rows(request.POST):
        form = RebindForm(rows=entries(PortRow, request.POST))
        form.change_rows(request.POST)
        return _show(request, one, form)
    form = RebindForm(request.POST)
    if not form.is_valid():
        return _show(request, one, form)
    try:
        wanted = lifecycle.foresee_rebind(actor, internal_id, validated(RebindSerializer, form.body())["ports"])
    except LightdError as error:
        return _show(request, one, form, error)
    return _show(request, one, form, preview=compare(one.ports, wanted))


@action
def rebind(request: HttpRequest, internal_id: str) -> HttpResponse:
    """Do what the preview said."""
    actor = actor_of(request)
    one = shown.find(actor, internal_id, Permission.NETWORK)
    form = RebindForm(request.POST)
    if not form.is_valid():
        return _show(request, one, form)
    try:
        lifecycle.rebind(actor, internal_id, validated(RebindSerializer, form.body())["ports"])
    except LightdError as error:
        return _show(request, one, form, error)
    return redirect("containers:network", internal_id)


@page
def ports(request: HttpRequest, internal_id: str) -> HttpResponse:
    """The ports alone, asked for when something happened; with a new form if the one who asks saw them move."""
    one = shown.find(actor_of(request), internal_id, Permission.NETWORK)
    context = {"one": one, **_of_ports(request, one)}
    if "moving" in request.GET and not context["moving"]:
        context |= {"renewed": True, **_with_form(RebindForm(rows=ports_of(one.ports)))}
    return render(request, "containers/_ports.html", context)


def compare(now: list[Binding], wanted: list[Binding]) -> Preview:
    """What changes between two lists of ports."""
    before, after = {str(each): each for each in now}, {str(each): each for each in wanted}
    stays = [each for name, each in after.items() if name in before]
    return Preview(
        wanted=wanted,
        freed=[each for name, each in before.items() if name not in after],
        taken=[each for name, each in after.items() if name not in before],
        kept=[each for each in stays if each == before[str(each)]],
        redirected=[each for each in stays if each != before[str(each)]],
    )


def _of_ports(request: HttpRequest, one: Shown) -> dict[str, Any]:
    last = one.container.events.filter(kind__in=REBINDS).first()
    return {
        "last": last,
        "moving": last is not None and last.kind == Event.Kind.REBINDING,
        "reached": addresses(request, one),
    }


def _with_form(form: RebindForm) -> dict[str, Any]:
    return {"form": form, "free_ports": suggestions.free_ports()}


def _show(
    request: HttpRequest,
    one: Shown,
    form: RebindForm,
    error: LightdError | None = None,
    preview: Preview | None = None,
) -> HttpResponse:
    if error:
        form.refuse(error)
    context = _of_ports(request, one) | _with_form(form) | {"preview": preview}
    return show_tab(request, "network", one, status=status_of(form, error), **context)
