"""The images on the host, for administrators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.actor import Actor, actor_of
from containers import host_images
from rules.errors import LightdError
from rules.forms import PageForm, literal
from rules.pages import action, page, saying, show

# Seconds between two looks of an open page: while something is under way, and else.
SOON, LATER = 1, 10
MOST_JOBS = 20


class PullForm(PageForm):
    image = forms.CharField(
        label="Pull an image",
        help_text="As docker pull takes it: debian:bookworm, ghcr.io/acme/game:1.2. Without a tag, latest.",
        widget=literal(),
    )


@page
def show_all(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    return render(request, "containers/images.html", {"form": PullForm(), **_everything(actor)})


@page
def show_table(request: HttpRequest) -> HttpResponse:
    """The table alone, asked for when something in it changed."""
    return render(request, "containers/_images.html", {"shelf": host_images.shelf(actor_of(request))})


@page
def show_jobs(request: HttpRequest) -> HttpResponse:
    """What is under way, asked for again and again; says so if the table is another than the page has."""
    return _jobs(request, actor_of(request))


@action
def pull(request: HttpRequest) -> HttpResponse:
    """Begin a pull."""
    actor, form = actor_of(request), PullForm(request.POST)
    if not form.is_valid():
        return show(request, "containers/images.html", form, **_everything(actor))
    try:
        host_images.pull(actor, form.cleaned_data["image"])
    except LightdError as error:
        return show(request, "containers/images.html", form, error, **_everything(actor))
    return redirect("containers:images")


@action
def remove(request: HttpRequest, docker_id: str) -> HttpResponse:
    """Begin a removal."""
    actor = actor_of(request)
    job = host_images.remove(actor, docker_id)
    return saying(_jobs(request, actor), f"Removing {job.shown}")


@action
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Give up what is under way."""
    actor = actor_of(request)
    host_images.cancel(actor, job_id)
    return _jobs(request, actor)


def _everything(actor: Actor) -> dict[str, Any]:
    return {"shelf": host_images.shelf(actor), **_under_way(actor)}


def _under_way(actor: Actor) -> dict[str, Any]:
    jobs = list(host_images.jobs(actor)[:MOST_JOBS])
    busy = not all(job.is_finished for job in jobs)
    return {"jobs": jobs, "pace": SOON if busy else LATER, "version": host_images.version()}


def _jobs(request: HttpRequest, actor: Actor) -> HttpResponse:
    context = _under_way(actor)
    response = render(request, "containers/_image_jobs.html", context)
    if request.GET.get("version") != context["version"]:
        response["HX-Trigger-After-Swap"] = "lightd:images"
    return response
