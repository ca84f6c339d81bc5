"""Where one is signed in."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from accounts import sessions
from accounts.actor import actor_of
from accounts.pages.asker import signed_in
from rules.pages import action, page


@never_cache
@page
def show_all(request: HttpRequest) -> HttpResponse:
    """The list."""
    context = {"sessions": sessions.of(signed_in(request)), "current_key": request.session.session_key}
    return render(request, "accounts/sessions.html", context)


@action
def end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Sign one browser out."""
    sessions.end(actor_of(request), public_id)
    messages.success(request, "The session is signed out.")
    return redirect("account:sessions")


@action
def end_all(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere, here too."""
    sessions.end_all(actor_of(request))
    logout(request)
    return redirect("account:sign-in")
