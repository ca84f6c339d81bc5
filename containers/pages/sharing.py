"""Who else may do what to a container, and tokens that show its console in pages of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts.actor import actor_of
from accounts.permissions import OF_A_CONTAINER, Permission
from containers import console_tokens, grants
from containers.models import Grant
from containers.pages import shown, suggestions
from containers.pages.container import show_tab
from containers.pages.shown import Shown
from containers.serializers import answers
from containers.serializers.requests import ConsoleTokenRequest, GrantRequest
from containers.sharing_forms import ConsoleTokenForm, GrantChangeForm, GrantForm
from rules.errors import Conflict, LightdError, NotFound
from rules.pages import action, form_page, page, saying
from rules.pages import show as show_form
from rules.serializers import validated


@dataclass(frozen=True)
class Given:
    """A grant, and whether its viewer may change it: nobody curtails who has more than they."""

    grant: Grant
    may_change: bool


@never_cache
@page
def show(request: HttpRequest, internal_id: str) -> HttpResponse:
    """Who was granted what, and what can be given to whom."""
    actor = actor_of(request)
    one = shown.find(actor, internal_id, Permission.SHARE)
    return show_tab(
        request,
        "sharing",
        one,
        given=_given(one),
        form=GrantForm(_offered(one)),
        token_form=_token_form(one),
        users=suggestions.users(actor),
    )


@never_cache
@action
def give(request: HttpRequest, internal_id: str) -> HttpResponse:
    """Share the container with one more user."""
    actor = actor_of(request)
    one = shown.find(actor, internal_id, Permission.SHARE)
    form = GrantForm(_offered(one), request.POST)
    if not form.is_valid():
        return _show_all(request, one, form)
    username = form.cleaned_data["username"]
    try:
        _refuse_known(one, username)
        grants.give(actor, internal_id, username, _chosen(form))
    except LightdError as error:
        return _show_all(request, one, form, error)
    return saying(_show_all(request, one, GrantForm(_offered(one))), f"Shared with {username}")


@never_cache
@form_page
@login_required
def change(request: HttpRequest, internal_id: str, grant_id: int) -> HttpResponse:
    """Let somebody do more or less than until now: the form in the place of their line, and the line again."""
    actor = actor_of(request)
    one = shown.find(actor, internal_id, Permission.SHARE)
    grant = _find(one, grant_id)
    form = GrantChangeForm(_offered(one), grant, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return show_form(request, "containers/sharing/_change.html", form, one=one, grant=grant)
    try:
        grants.give(actor, internal_id, grant.user.username, _chosen(form))
    except LightdError as error:
        return show_form(request, "containers/sharing/_change.html", form, error, one=one, grant=grant)
    context = {"one": one, "each": Given(_find(one, grant_id), may_change=True)}
    return render(request, "containers/sharing/_grant.html", context)


@never_cache
@action
def take_back(request: HttpRequest, internal_id: str, grant_id: int) -> HttpResponse:
    """All that somebody was granted; consoles that they have open are closed."""
    actor = actor_of(request)
    one = shown.find(actor, internal_id, Permission.SHARE)
    username = _find(one, grant_id).user.username
    grants.take_back(actor, internal_id, username)
    return saying(_show_all(request, one, GrantForm(_offered(one))), f"Nothing is shared with {username} any more")


@never_cache
@action
def console_token(request: HttpRequest, internal_id: str) -> HttpResponse:
    """A token for the console. Its secret is the answer to the request that makes it, and in no other page."""
    actor = actor_of(request)
    one = shown.find(actor, internal_id, Permission.CONSOLE_READ)
    form = _token_form(one, request.POST)
    template = "containers/sharing/_console_token.html"
    if not form.is_valid():
        return show_form(request, template, form, one=one)
    try:
        token, secret = console_tokens.issue(actor, internal_id, **validated(ConsoleTokenRequest, form.filled()))
    except LightdError as error:
        return show_form(request, template, form, error, one=one)
    scheme = "wss" if request.is_secure() else "ws"
    address = f"{scheme}://{request.get_host()}{answers.console_path(internal_id)}"
    context = {"one": one, "token": token, "secret": secret, "address": address}
    return render(request, "containers/sharing/_console_token_made.html", context)


def _show_all(request: HttpRequest, one: Shown, form: GrantForm, error: LightdError | None = None) -> HttpResponse:
    context = {"one": one, "given": _given(one), "users": suggestions.users(actor_of(request))}
    return show_form(request, "containers/sharing/_grants.html", form, error, **context)


def _given(one: Shown) -> list[Given]:
    """All that was granted on the container."""
    offered = {permission.value for permission in _offered(one)}
    given = one.container.grants.select_related("user")
    return [Given(grant, may_change=set(grant.permissions) <= offered) for grant in given]


def _find(one: Shown, grant_id: int) -> Grant:
    grant = one.container.grants.select_related("user").filter(pk=grant_id).first()
    if grant is None:
        raise NotFound("Grant not found")
    return grant


def _offered(one: Shown) -> list[Permission]:
    """What the viewer has, and so may give."""
    return [permission for permission in OF_A_CONTAINER if one.allows(permission)]


def _chosen(form: GrantForm | GrantChangeForm) -> list[Permission]:
    chosen: list[Permission] = validated(GrantRequest, {"permissions": form.cleaned_data["permissions"]})["permissions"]
    return chosen


def _refuse_known(one: Shown, username: str) -> None:
    """Added a second time, somebody would have less than before without anyone having meant it."""
    if one.container.grants.filter(user__username=username).exists():
        sentence = f"Something is shared with {username} already: change that instead."
        raise Conflict(sentence, {"username": [sentence]})


def _token_form(one: Shown, data: Any = None) -> ConsoleTokenForm:
    return ConsoleTokenForm(data, may_write=one.allows(Permission.CONSOLE_WRITE))
