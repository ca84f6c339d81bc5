"""Signing in and out in a browser: a password, then the second factor of whoever has one."""

import logging
import time
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import authenticate, login, logout
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_variables

from accounts import audit, known_browsers, sessions, throttle, two_factor
from accounts.actor import Via, actor_of
from accounts.models import User
from rules.errors import Invalid

log = logging.getLogger(__name__)

# In the session of someone half signed in.
_PENDING = "second_factor"
_PENDING_SECONDS = 600

WRONG = "The user name or the password is wrong"


@sensitive_variables("password")
def check_password(request: HttpRequest, username: str, password: str) -> User:
    """Whose name and password these are. They are not signed in by this."""
    address = request.META.get("REMOTE_ADDR", "")
    browser = known_browsers.known_as(request, username)
    with throttle.attempt(throttle.attempts_from(address), throttle.passwords_of(username, browser)):
        user = authenticate(request, username=username, password=password)
        if not isinstance(user, User):
            _note_not_let_in(request, User.objects.filter(username=username).first(), WRONG)
            raise Invalid(WRONG)
    return user


def _note_not_let_in(request: HttpRequest, account: User | None, why: str) -> None:
    address = request.META.get("REMOTE_ADDR", "")
    # Without the name, which the audit trail has if it is anybody's: people type passwords there too.
    log.warning("sign-in failed", extra={"fields": {"address": address}})
    audit.record_not_let_in(Via.PAGE, address, account, why)


@dataclass(frozen=True)
class Pending:
    """Someone whose password was right, and who has yet to give a second factor."""

    user: User
    backend: str
    goal: str


def enter(request: HttpRequest, user: User, goal: str) -> str:
    """Sign in whom `authenticate` found, or have them asked for their second factor first; returns where to go."""
    backend: str = user.backend
    if not two_factor.is_on(user):
        _enter(request, user, backend)
        return goal
    request.session.cycle_key()
    request.session[_PENDING] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "backend": backend,
        "goal": goal,
        "until": time.time() + _PENDING_SECONDS,
    }
    return reverse("account:second-factor")


def pending(request: HttpRequest) -> Pending | None:
    """Who is half signed in, if that was not too long ago and they still may."""
    kept = request.session.get(_PENDING)
    if kept is None or kept["until"] < time.time():
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    if user is None or not constant_time_compare(kept["password"], user.get_session_auth_hash()):
        return None
    return Pending(user, kept["backend"], kept["goal"])


def enter_with_code(request: HttpRequest, pending: Pending, code: str) -> str:
    """The second half of signing in; returns where to go."""
    try:
        two_factor.check(request, pending.user, code)
    except Invalid as error:
        _note_not_let_in(request, pending.user, error.sentence)
        raise
    del request.session[_PENDING]
    _enter(request, pending.user, pending.backend)
    return pending.goal


def _enter(request: HttpRequest, user: User, backend: str) -> None:
    with transaction.atomic():
        login(request, user, backend=backend)
        sessions.forget_expired()
        audit.record(actor_of(request, Via.PAGE), user, action="session.start")
    log.info("signed in", extra={"fields": {"user": user.username, "address": request.META.get("REMOTE_ADDR", "")}})


def leave(request: HttpRequest) -> None:
    """Sign this browser out."""
    with transaction.atomic():
        if isinstance(request.user, User):
            audit.record(actor_of(request, Via.PAGE), request.user, action="session.end")
        logout(request)


def destination(given: Any) -> str:
    """Where to go once signed in: what was asked for if it is a path of this site, else the first page."""
    path = str(given or "")
    return (
        path if path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None) else reverse("home")
    )
