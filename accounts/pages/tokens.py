"""One's API tokens."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts import tokens
from accounts.actor import Actor, actor_of
from accounts.forms.tokens import TokenForm
from accounts.permissions import Permission, allows
from accounts.serializers import TokenRequest
from rules.errors import LightdError
from rules.pages import action, form_page, page, saying, show
from rules.serializers import validated

ROWS = 50


@never_cache
@page
def show_list(request: HttpRequest) -> HttpResponse:
    """All of them, the newest first."""
    return _list(request, "accounts/tokens/list.html")


@never_cache
@form_page
@login_required
def create(request: HttpRequest) -> HttpResponse:
    """A new one. Its secret is the answer to the request that makes it, and in no other page."""
    actor = actor_of(request)
    if request.method != "POST":
        return show(request, "accounts/tokens/new.html", TokenForm(_offered(actor)))
    form = TokenForm(_offered(actor), request.POST)
    if not form.is_valid():
        return show(request, "accounts/tokens/_new.html", form)
    try:
        token, secret = tokens.issue_for(actor, **validated(TokenRequest, form.body()))
    except LightdError as error:
        return show(request, "accounts/tokens/_new.html", form, error)
    context = {"token": token, "secret": secret, "site": request.build_absolute_uri("/").rstrip("/")}
    return render(request, "accounts/tokens/_made.html", context)


@never_cache
@action
def revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """From now on it opens nothing, and what it has open is closed."""
    tokens.revoke(actor_of(request), str(token_id))
    return saying(_list(request, "accounts/tokens/_list.html"), "The token is revoked")


def _offered(actor: Actor) -> list[Permission]:
    """The scopes that would give a token of the actor's anything."""
    return [permission for permission in Permission if allows(actor, permission)]


def _list(request: HttpRequest, template: str) -> HttpResponse:
    part = Paginator(tokens.of(actor_of(request)), ROWS).get_page(request.GET.get("page"))
    return render(request, template, {"part": part})
