"""A new container: the form, what helps to fill it in, and the call that would do the same."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from accounts.actor import Actor, actor_of
from accounts.permissions import Permission, require
from containers import host_images, lifecycle, limits, patterns
from containers.forms import CreateForm
from containers.pages import suggestions
from containers.serializers.requests import CreateSerializer, PatternTrial
from rules import curl
from rules.errors import LightdError
from rules.forms import changes_rows
from rules.pages import action, form_page, show
from rules.serializers import validated, validated_in_part

MEMORY_PRESETS = (("512 MiB", 512, "MiB"), ("1 GiB", 1, "GiB"), ("2 GiB", 2, "GiB"), ("4 GiB", 4, "GiB"))
CPU_PRESETS = (("½ core", 0.5), ("1 core", 1), ("2 cores", 2), ("4 cores", 4))

# For the judgement of the other fields, where one of these was refused.
STAND_IN = {"internal_id": "x", "image": "x", "volume_id": str(UUID(int=0)), "startup_command": "x"}


@form_page
@login_required
def create(request: HttpRequest) -> HttpResponse:
    """Asked for, it is on its way: its installation is shown next."""
    actor = actor_of(request)
    require(actor, Permission.CREATE)
    if request.method != "POST":
        typed = QueryDict(urlencode({"volume_id": uuid4()}))
        return _show(request, actor, CreateForm(actor, draft=typed), typed)
    if changes_rows(request.POST):
        form = CreateForm(actor, draft=request.POST)
        form.change_rows(request.POST)
        return _show(request, actor, form, request.POST)
    form = CreateForm(actor, request.POST)
    if not form.is_valid():
        return _show_refused(request, actor, form)
    try:
        container = lifecycle.create(actor, validated(CreateSerializer, form.body()))
    except LightdError as error:
        return _show_refused(request, actor, form, error)
    return redirect("containers:install", container.internal_id)


@action
def show_call(request: HttpRequest) -> HttpResponse:
    """The call for what is typed now."""
    actor = actor_of(request)
    require(actor, Permission.CREATE)
    return render(request, "containers/_call.html", {"call": _call(request, actor, request.POST)})


@action
def try_pattern(request: HttpRequest) -> HttpResponse:
    """Whether a start pattern matches output that is typed beside it, and what of it."""
    given = {name: request.POST.get(name, "") for name in ("start_pattern", "sample")}
    try:
        trial = validated(PatternTrial, given)
        match = patterns.first_match(trial["start_pattern"], trial["sample"])
    except LightdError as error:
        return render(request, "containers/_match.html", {"error": error.sentence})
    return render(request, "containers/_match.html", {"match": match})


def _call(request: HttpRequest, actor: Actor, typed: QueryDict) -> str:
    form = CreateForm(actor, typed)
    form.is_valid()
    return curl.post_json(request.build_absolute_uri("/containers"), form.body())


def _show_refused(
    request: HttpRequest, actor: Actor, form: CreateForm, error: LightdError | None = None
) -> HttpResponse:
    """The form with all that is wrong in it, and not only with what was found first."""
    new, refused = validated_in_part(CreateSerializer, form.body(), STAND_IN)
    for mistake in [*refused, *lifecycle.mistakes(actor, new)]:
        form.refuse(mistake)
    return _show(request, actor, form, request.POST, error)


def _show(
    request: HttpRequest, actor: Actor, form: CreateForm, typed: QueryDict, error: LightdError | None = None
) -> HttpResponse:
    cores = limits.host_cores()
    return show(
        request,
        "containers/new.html",
        form,
        error,
        call=_call(request, actor, typed),
        images=host_images.suggestions(actor),
        free_ports=suggestions.free_ports(),
        users=suggestions.users(actor),
        memory_presets=MEMORY_PRESETS,
        cpu_presets=[preset for preset in CPU_PRESETS if preset[1] <= cores],
        cores=cores,
        sample=typed.get("sample", ""),
        most_sample=patterns.MAX_SAMPLE,
    )
