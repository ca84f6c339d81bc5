"""The first page: how everything is, at a glance. What a person sees is of the containers that they see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.actor import Actor, actor_of
from containers import access, health
from containers.models import Container, Event
from containers.pages import bars
from containers.pages.listing import counts_of
from containers.pages.shown import Look
from containers.samples import Window
from containers.serializers.requests import wanted_window
from containers.states import State
from rules.pages import page

EVENTS = 12
INSTALLS = 6

# In the order in which people ask for them.
LOOKS = (
    Look.RUNNING,
    Look.STARTING,
    Look.STOPPING,
    Look.INSTALLING,
    Look.READY,
    Look.STOPPED,
    Look.CRASHED,
    Look.FAILED,
)


@dataclass(frozen=True)
class Tally:
    """How many containers are in a state, by the word that the list has for it."""

    look: Look
    number: int


@page
def show(request: HttpRequest) -> HttpResponse:
    """The page; what changes on it is asked for again as `show_parts`."""
    context = {"windows": Window, "window": wanted_window(request.GET), **at_a_glance(actor_of(request))}
    return render(request, "containers/overview.html", context)


@page
def show_parts(request: HttpRequest) -> HttpResponse:
    """The parts alone, each to be put in the place of the one that is there."""
    return render(request, "containers/overview/_parts.html", {"oob": "true", **at_a_glance(actor_of(request))})


def at_a_glance(actor: Actor) -> dict[str, Any]:
    """Everything that changes on the page, in as many queries however much there is."""
    visible = access.visible(actor).order_by()
    counted = tallies(visible)
    return {
        "tallies": counted,
        "has_containers": any(tally.number for tally in counted),
        "installs": installs(visible),
        "events": recent(actor, visible),
        "health": health.parts(),
        "pool": bars.of_pool(),
        "host": bars.of_host() if actor.is_admin else [],
        "quota": [] if actor.is_admin else bars.of_quota(actor.user),
    }


def tallies(containers: QuerySet[Container]) -> list[Tally]:
    counts = counts_of(containers)
    return [Tally(look, counts.of[look]) for look in LOOKS]


def installs(containers: QuerySet[Container]) -> QuerySet[Container]:
    """Installations that run, the youngest first, each with its last step and when it began."""
    steps = Event.objects.filter(container=OuterRef("pk")).order_by("-id")
    return (
        containers.filter(state=State.INSTALLING)
        .annotate(
            step=Subquery(steps.values("message")[:1]),
            began_at=Subquery(steps.filter(kind=Event.Kind.INSTALLING).values("created_at")[:1]),
        )
        .order_by("-updated_at")[:INSTALLS]
    )


def recent(actor: Actor, containers: QuerySet[Container]) -> QuerySet[Event]:
    """What happened last; to administrators also of containers that are gone. A pull says every second how far it is:
    that is shown with its installation."""
    events = Event.objects.exclude(kind=Event.Kind.PULLING)
    if not actor.is_admin:
        events = events.filter(container__in=containers.values("pk"))
    return events[:EVENTS]
