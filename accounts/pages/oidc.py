"""Signing in through an OpenID Connect provider, and connecting an account to it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import oidc, sign_in
from accounts.actor import actor_of
from accounts.pages.asker import signed_in
from rules.errors import LightdError
from rules.pages import action, page


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """To the provider, to sign in."""
    return _go(request, oidc.start(request, sign_in.destination(request.POST.get("next"))))


@never_cache
@page
def overview(request: HttpRequest) -> HttpResponse:
    """Whether one's account is connected."""
    return render(request, "accounts/oidc.html", {"identity": oidc.identity_of(signed_in(request))})


@action
def connect(request: HttpRequest) -> HttpResponse:
    """To the provider, to connect one's account."""
    return _go(request, oidc.start_connecting(request))


@action
def disconnect(request: HttpRequest) -> HttpResponse:
    """No longer sign in there."""
    try:
        oidc.disconnect(actor_of(request))
    except LightdError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, "Your account is disconnected.")
    return redirect("oidc")


def _go(request: HttpRequest, address: str) -> HttpResponse:
    """By a page that leads on at once: a form may be sent to no other site, nor be redirected there."""
    return render(request, "accounts/oidc_go.html", {"address": address})
