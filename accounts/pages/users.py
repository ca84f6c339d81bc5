"""The accounts of everybody, for administrators."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import sessions, users
from accounts.actor import Actor, actor_of
from accounts.forms.users import NewUserForm, QuotaForm, UserQueryForm
from accounts.models import User
from accounts.permissions import Permission, require
from accounts.users import Quota
from rules.errors import LightdError, NotFound
from rules.pages import action, form_page, is_of_htmx, page, saying, show

ROWS = 50


@never_cache
@page
def show_list(request: HttpRequest) -> HttpResponse:
    """All of them, or those that are looked for; the table alone, if htmx asks."""
    form = UserQueryForm(request.GET)
    found = _matching(users.everyone(actor_of(request)), form)
    part = Paginator(found.order_by("username"), ROWS).get_page(request.GET.get("page"))
    template = "accounts/users/_list.html" if is_of_htmx(request) else "accounts/users/list.html"
    return render(request, template, {"form": form, "part": part})


@never_cache
@sensitive_post_parameters()
@form_page
@login_required
def create(request: HttpRequest) -> HttpResponse:
    """A new one. A password that was made for it is in the answer to this request, and in no other page."""
    actor = actor_of(request)
    if request.method != "POST":
        require(actor, Permission.ADMIN)
        return show(request, "accounts/users/new.html", NewUserForm())
    form = NewUserForm(request.POST)
    if not form.is_valid():
        require(actor, Permission.ADMIN)
        return show(request, "accounts/users/_new.html", form)
    generated = "" if form.cleaned_data["password"] else users.generated_password()
    try:
        user = users.create(actor, **form.cleaned_data | ({"password": generated} if generated else {}))
    except LightdError as error:
        return show(request, "accounts/users/_new.html", form, error)
    return render(request, "accounts/users/_made.html", {"person": user, "secret": generated})


@never_cache
@page
def show_one(request: HttpRequest, user_id: int) -> HttpResponse:
    """One account, and what can be done about it."""
    return _one(request, users.find(actor_of(request), user_id), "accounts/users/user.html")


@never_cache
@action
def set_quota(request: HttpRequest, user_id: int) -> HttpResponse:
    """How much all that they own may take."""
    actor = actor_of(request)
    user = users.find(actor, user_id)
    form = QuotaForm(request.POST)
    if not form.is_valid():
        return _one(request, user, "accounts/users/_user.html", form, status=422)
    users.set_quota(actor, user, form.quota())
    return saying(_refreshed(request, user_id), "The quota is saved")


@never_cache
@action
def change(request: HttpRequest, user_id: int, what: str) -> HttpResponse:
    """One of `CHANGES`."""
    if what not in CHANGES:
        raise NotFound("There is no such change")
    actor = actor_of(request)
    make, said = CHANGES[what]
    generated = make(actor, users.find(actor, user_id))
    return saying(_refreshed(request, user_id, generated or ""), said)


@never_cache
@action
def delete(request: HttpRequest, user_id: int) -> HttpResponse:
    """The account is gone, and this page with it."""
    actor = actor_of(request)
    user = users.find(actor, user_id)
    users.delete(actor, user)
    messages.success(request, f"{user} is deleted.")
    if is_of_htmx(request):
        return HttpResponse(headers={"HX-Redirect": redirect("people:users").url})
    return redirect("people:users")


def _promote(actor: Actor, user: User) -> None:
    users.set_role(actor, user, administrator=True)


def _demote(actor: Actor, user: User) -> None:
    users.set_role(actor, user, administrator=False)


# By the last part of their addresses: what is done, which may return a secret to show, and what is said then.
CHANGES: dict[str, tuple[Callable[[Actor, User], str | None], str]] = {
    "promote": (_promote, "This user is an administrator now"),
    "demote": (_demote, "This user is no longer an administrator"),
    "deactivate": (users.deactivate, "The account is inactive"),
    "activate": (users.activate, "The account is active"),
    "password": (users.give_password, "The old password no longer works"),
    "sign-out": (users.sign_out, "This user is signed out everywhere"),
    "reset-two-factor": (users.reset_two_factor, "Two-factor sign-in is off for this user"),
}


def _refreshed(request: HttpRequest, user_id: int, generated: str = "") -> HttpResponse:
    return _one(request, users.find(actor_of(request), user_id), "accounts/users/_user.html", generated=generated)


def _one(
    request: HttpRequest,
    user: User,
    template: str,
    form: QuotaForm | None = None,
    generated: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "person": user,
        "sessions": sessions.of(user),
        "number_of_tokens": user.api_tokens.count(),
        "form": form or QuotaForm.of(Quota.of(user)),
        "secret": generated,
    }
    return render(request, template, context, status=status)


def _matching(found: QuerySet[User], form: UserQueryForm) -> QuerySet[User]:
    """Those that are looked for; a query that makes no sense finds nobody."""
    if not form.is_valid():
        return found.none()
    query = form.cleaned_data
    if text := query["search"]:
        names = ("username", "email", "first_name", "last_name")
        found = found.filter(Q.create([(f"{name}__icontains", text) for name in names], connector=Q.OR))
    if query["role"]:
        found = found.filter(is_superuser=query["role"] == "administrator")
    if query["state"]:
        found = found.filter(is_active=query["state"] == "active")
    return found
