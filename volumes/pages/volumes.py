"""The list of volumes, a new one, and the end of one."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.actor import Actor, actor_of
from accounts.permissions import Permission, require
from rules.errors import LightdError, Unavailable
from rules.forms import TypedNameForm
from rules.pages import form_page, page, show
from rules.serializers import validated
from volumes import contents, lifecycle, storage, usage
from volumes.contents import Contents
from volumes.forms import CreateForm
from volumes.models import SHORT, Volume
from volumes.serializers import VolumeRequest

ROWS = 50
LONGEST_SEARCH = 100


@dataclass(frozen=True)
class Row:
    """A volume, and the containers that use it, as far as the viewer may know them."""

    volume: Volume
    users: list[Any]
    others: int  # containers of other people

    @property
    def name(self) -> str:
        return self.volume.short

    @property
    def used(self) -> int | None:
        """Bytes; None if nobody knows yet."""
        return usage.known(self.volume)

    @property
    def measured_by(self) -> str:
        """The container whose figures follow what is in it: one that runs, if any does."""
        running = [user.internal_id for user in self.users if user.state == "running"]
        return next(iter(running), "")


@page
def show_list(request: HttpRequest) -> HttpResponse:
    """One's own; an administrator's list has everyone's."""
    actor = actor_of(request)
    search = request.GET.get("search", "")[:LONGEST_SEARCH].strip()
    found = _matching(actor, search).prefetch_related("containers").order_by("-created_at", "id")
    part = Paginator(found, ROWS).get_page(request.GET.get("page"))
    context = {
        "rows": [_row(actor, volume) for volume in part],
        "part": part,
        "search": search,
        "of_everyone": actor.user.is_superuser,
        "not_held": storage.why_not_held() if actor.user.is_superuser else "",
    }
    return render(request, "volumes/list.html", context)


@form_page
@login_required
def create(request: HttpRequest) -> HttpResponse:
    """A new one."""
    actor = actor_of(request)
    form = CreateForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        require(actor, Permission.VOLUMES)
        return show(request, "volumes/create.html", form)
    try:
        volume = lifecycle.create(actor, validated(VolumeRequest, form.filled()).get("size"))
    except LightdError as error:
        return show(request, "volumes/create.html", form, error)
    messages.success(request, f"Volume {volume.short} is made.")
    return redirect("volumes:list")


@form_page
@login_required
def delete(request: HttpRequest, volume_id: str) -> HttpResponse:
    """Says what would be lost, and has the volume's name typed."""
    actor = actor_of(request)
    form = TypedNameForm(volume_id[:SHORT].lower(), request.POST or None)
    if not form.is_valid():
        return _show_deletion(request, actor, volume_id, form)
    try:
        lifecycle.delete(actor, volume_id)
    except LightdError as error:
        return _show_deletion(request, actor, volume_id, form, error)
    messages.success(request, f"Volume {form.cleaned_data['name']} is deleted.")
    return redirect("volumes:list")


def _show_deletion(
    request: HttpRequest, actor: Actor, volume_id: str, form: TypedNameForm, error: LightdError | None = None
) -> HttpResponse:
    volume = lifecycle.find(actor, volume_id)
    return show(request, "volumes/delete.html", form, error, row=_row(actor, volume), contents=_held(volume))


def _held(volume: Volume) -> Contents | None:
    """None: nobody can look into it, as its image is lost or damaged."""
    try:
        with storage.tree(volume) as tree:
            return contents.count(tree)
    except Unavailable:
        return None


def _matching(actor: Actor, search: str) -> Any:
    """Those with the text in their id, their owner's name, or the id of a container that uses them."""
    volumes = lifecycle.visible(actor)
    if not search:
        return volumes
    of_one_s_own = {} if actor.user.is_superuser else {"containers__owner": actor.user}
    uses = volumes.filter(containers__internal_id__icontains=search, **of_one_s_own)
    text = Q(id__icontains=search) | Q(owner__username__icontains=search)
    return volumes.filter(text | Q(pk__in=uses.values("pk")))


def _row(actor: Actor, volume: Volume) -> Row:
    everyone = list(volume.containers.all())
    known = [user for user in everyone if actor.user.is_superuser or user.owner_id == actor.user.pk]
    return Row(volume, known, len(everyone) - len(known))
