"""How full a volume is, above its files, and the form that makes it larger or smaller."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.actor import Actor, actor_of
from accounts.permissions import Permission, allows
from rules.errors import LightdError
from rules.figures import part, share, size
from rules.pages import form_page, is_of_htmx, page, saying, show
from rules.serializers import validated
from volumes import access, lifecycle, resizing, usage
from volumes.forms import ResizeForm
from volumes.models import SHORT, Volume
from volumes.operations import asking, queue
from volumes.serializers import ResizeRequest
from volumes.usage import Usage


@dataclass(frozen=True)
class Quota:
    """A volume with what is in it, and the form for whoever may resize it."""

    volume: Volume
    usage: Usage
    form: ResizeForm | None

    @property
    def is_held(self) -> bool:
        return self.volume.is_image

    @property
    def percent(self) -> int | None:
        return None if self.usage.size is None else share(self.usage.used, self.usage.size)

    @property
    def text(self) -> str:
        used = size(self.usage.used)
        return f"{used}, no limit" if self.usage.size is None else part(used, size(self.usage.size))


def of(actor: Actor, volume: Volume) -> Quota:
    """Of a volume that the actor has found."""
    may_resize = access.owns(actor, volume) and allows(actor, Permission.VOLUMES)
    return Quota(volume, usage.of(volume), ResizeForm(initial={"size": volume.quota_mb}) if may_resize else None)


@page
def show_usage(request: HttpRequest, volume_id: str) -> HttpResponse:
    """The bar alone, for a page that is being looked at."""
    volume, now = resizing.measure(actor_of(request), volume_id)
    return render(request, "volumes/quota/_usage.html", {"quota": Quota(volume, now, None)})


@form_page
@login_required
def resize(request: HttpRequest, volume_id: str) -> HttpResponse:
    """As a part of another page, or as a page of its own where there are no scripts."""
    actor = actor_of(request)
    form = ResizeForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _show(request, actor, volume_id, form)
    try:
        said = _resize(actor, volume_id, validated(ResizeRequest, form.filled())["size"])
    except LightdError as error:
        return _show(request, actor, volume_id, form, error)
    if not is_of_htmx(request):
        messages.success(request, said)
        return redirect("volumes:files", volume_id)
    now = of(actor, lifecycle.find(actor, volume_id))
    return saying(render(request, "volumes/quota/_quota.html", {"quota": now}), said)


def _resize(actor: Actor, volume_id: str, megabytes: int) -> str:
    """What has become of it, in a sentence."""
    operation = resizing.resize(actor, volume_id, megabytes)
    if operation and not asking.is_done(queue.wait(operation)):
        return f"Volume {volume_id[:SHORT]} is being copied into a larger image, and then has {megabytes} MB."
    return f"Volume {volume_id[:SHORT]} has {megabytes} MB now."


def _show(
    request: HttpRequest, actor: Actor, volume_id: str, form: ResizeForm, error: LightdError | None = None
) -> HttpResponse:
    volume = lifecycle.find(actor, volume_id)
    form.initial["size"] = volume.quota_mb
    template = "volumes/quota/_quota.html" if is_of_htmx(request) else "volumes/quota/resize.html"
    quota = Quota(volume, usage.of(volume), form)
    return show(request, template, form, error, quota=quota, name=volume.short)
