"""The command palette: finds containers, what can be done to them now, and pages."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.actor import Actor, actor_of
from accounts.permissions import Permission
from containers import access
from containers.models import Container
from containers.pages import shown
from containers.pages.shown import Look, Shown
from containers.states import ALLOWED, Action, State
from lightd_site import navigation
from lightd_site.navigation import Entry
from rules.pages import page

MOST = 8  # containers
LONGEST = 255  # characters that are looked at
SHORTEST_VERB = 2  # letters: with one, half of all verbs would be meant


@dataclass(frozen=True)
class Verb:
    """What one can do to a container in these states."""

    name: str
    label: str
    icon: str
    states: frozenset[State]


VERBS = (
    Verb("console", "Console of", "terminal", frozenset(State)),
    Verb("start", "Start", "player-play", ALLOWED[Action.START]),
    Verb("stop", "Stop", "player-stop", ALLOWED[Action.STOP]),
    Verb("restart", "Restart", "refresh", ALLOWED[Action.RESTART]),
    Verb("kill", "Kill", "skull", ALLOWED[Action.KILL]),
)
# Beside those that the navigation leads to.
PAGES = (
    Entry("New container", "containers:new", "plus"),
    Entry("Sessions", "account:sessions", "device-desktop"),
    Entry("Password", "account:password", "key"),
    Entry("Two-factor", "account:two-factor", "shield-lock"),
)
THEMES = {"system": "device-desktop", "light": "sun", "dark": "moon"}


@dataclass(frozen=True)
class Choice:
    """One line: it leads to an address, does something to a container, or chooses a theme."""

    label: str
    icon: str
    address: str = ""
    look: Look | None = None
    action: str = ""
    container: str = ""
    theme: str = ""


@page
def show_choices(request: HttpRequest) -> HttpResponse:
    """What there is for `search`, asked for on the page of the container `here`."""
    actor = actor_of(request)
    text = request.GET.get("search", "").strip()[:LONGEST]
    groups = {
        "Containers": list(containers_called(actor, text)),
        "Actions": list(actions_meant(actor, text, request.GET.get("here", ""))),
        "Pages": [*pages_called(request, text), *themes_called(text)],
    }
    return render(request, "_palette_choices.html", {"groups": {name: each for name, each in groups.items() if each}})


def containers_called(actor: Actor, text: str) -> Iterator[Choice]:
    """To open one; of all together there is the list."""
    if not text:
        return
    for one in shown.rows(actor, best(access.visible(actor), text)):
        name = one.container.internal_id
        yield Choice(name, "server", address=reverse("containers:enter", args=[name]), look=one.look)


def actions_meant(actor: Actor, text: str, here: str) -> Iterator[Choice]:
    """`stop web` and `web stop` say what is meant; `web` alone is all that can be done to the first of that name, and
    nothing at all what can be done to the container whose page it is."""
    visible = access.visible(actor)
    verbs, name = verbs_in(text)
    if verbs:
        able = visible.filter(state__in=frozenset().union(*(verb.states for verb in verbs)))
        found = best(able, name)
    else:
        found = best(visible, text)[:1] if text else visible.filter(internal_id=here)
    for one in shown.rows(actor, found):
        yield from actions_of(one, verbs or VERBS)


def actions_of(one: Shown, verbs: Collection[Verb]) -> Iterator[Choice]:
    """Those of the verbs that its state and the rights on it allow."""
    name = one.container.internal_id
    for verb in verbs:
        label = f"{verb.label} {name}"
        if verb.name in one.actions:
            yield Choice(label, verb.icon, action=verb.name, container=name)
        elif verb.name == "console" and one.allows(Permission.CONSOLE_READ):
            yield Choice(label, verb.icon, address=reverse("containers:console", args=[name]))


def verbs_in(text: str) -> tuple[list[Verb], str]:
    """The verbs that the first or else the last word begins, and what is left of the text."""
    words = text.lower().split()
    for word, rest in ((words[:1], words[1:]), (words[-1:], words[:-1])):
        begin = "".join(word)
        verbs = [verb for verb in VERBS if verb.name.startswith(begin)]
        if len(begin) >= SHORTEST_VERB and verbs:
            return verbs, " ".join(rest)
    return [], text


def best(containers: QuerySet[Container], text: str) -> QuerySet[Container]:
    """The first few with that in their name or image; whose name begins with it before the others."""
    begins = ExpressionWrapper(Q(internal_id__istartswith=text), output_field=BooleanField())
    return access.matching(containers, {"search": text}).order_by(begins.desc(), "internal_id")[:MOST]


def pages_called(request: HttpRequest, text: str) -> Iterator[Choice]:
    for link in navigation.links(request, (*navigation.ENTRIES, *PAGES)):
        if has_all_words(link.label, text):
            yield Choice(link.label, link.icon, address=link.address)


def themes_called(text: str) -> Iterator[Choice]:
    for theme, icon in THEMES.items():
        if has_all_words(label := f"Theme: {theme}", text):
            yield Choice(label, icon, theme=theme)


def has_all_words(label: str, text: str) -> bool:
    return all(word in label.lower() for word in text.lower().split())
