"""Signing in, by password and then by code, and out."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts import known_browsers, sign_in
from accounts.forms.account import CodeForm, SignInForm
from accounts.models import User
from rules.errors import Forbidden, LightdError
from rules.pages import form_page, show


@never_cache
@sensitive_post_parameters()
@form_page
def enter(request: HttpRequest) -> HttpResponse:
    """Sign in; whoever has a second factor is asked for it next."""
    goal = sign_in.destination(request.POST.get("next") or request.GET.get("next"))
    if request.user.is_authenticated:
        return redirect(goal)
    form = SignInForm(request.POST or None)
    # Sent here by a page: whoever was signed in is told that they are not any more.
    sent: dict[str, Any] = {"next": goal, "signed_out": "next" in request.GET and known_browsers.is_known(request)}
    if not form.is_valid():
        return show(request, "accounts/sign_in.html", form, **sent)
    try:
        user = sign_in.check_password(request, **form.cleaned_data)
    except LightdError as error:
        return show(request, "accounts/sign_in.html", form, error, **sent)
    return _go_on(request, sign_in.enter(request, user, goal))


@never_cache
@sensitive_post_parameters()
@form_page
def second_factor(request: HttpRequest) -> HttpResponse:
    """The second half of signing in."""
    pending = sign_in.pending(request)
    if pending is None:
        return redirect("account:sign-in")
    form = CodeForm(request.POST or None)
    if not form.is_valid():
        return show(request, "accounts/second_factor.html", form, pending=pending)
    try:
        goal = sign_in.enter_with_code(request, pending, form.cleaned_data["code"])
    except LightdError as error:
        return show(request, "accounts/second_factor.html", form, error, pending=pending)
    return _go_on(request, goal)


def _go_on(request: HttpRequest, goal: str) -> HttpResponse:
    response = redirect(goal)
    if isinstance(request.user, User):  # else the second factor is still to come
        known_browsers.remember(response, request.user)
    return response


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out."""
    sign_in.leave(request)
    return redirect("account:sign-in")


@require_safe
def admin_enter(request: HttpRequest) -> HttpResponse:
    """Where Django's admin sends those it does not let in."""
    if request.user.is_authenticated:
        raise Forbidden("Only administrators may open this page")
    goal = sign_in.destination(request.GET.get("next") or reverse("admin:index"))
    return redirect(reverse("account:sign-in", query={"next": goal}))
