"""Signing in through an OpenID Connect provider, where one is configured (LIGHTD_OIDC_ISSUER).

django-allauth speaks the protocol; what it would decide about accounts by itself is decided here. An account is found
by what the provider calls its owner for ever (`sub`) and by nothing else: no name or address there opens one.
"""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from requests import RequestException

from accounts import audit, sign_in
from accounts.actor import Actor, Via, actor_of
from accounts.models import User
from rules.errors import Conflict, Forbidden, NotFound, Unavailable

log = logging.getLogger(__name__)

BACKEND = "django.contrib.auth.backends.ModelBackend"


def start(request: HttpRequest, goal: str) -> str:
    """The provider's address for signing in, and back to `goal` afterwards."""
    return _address(request, AuthProcess.LOGIN, goal)


def start_connecting(request: HttpRequest) -> str:
    """The provider's address for letting whoever is signed in sign in through it from now on."""
    return _address(request, AuthProcess.CONNECT, reverse("oidc"))


def identity_of(user: User) -> SocialAccount | None:
    """What the user is at the provider."""
    identities: QuerySet[Any] = SocialAccount._default_manager.filter(user=user, provider=settings.OIDC_PROVIDER_ID)
    return identities.first()


@audit.attempt("identity.connect", lambda *_: "")
def connect(actor: Actor, request: HttpRequest, login: SocialLogin) -> None:
    """The user signs in as whom the provider says they are, too."""
    if identity_of(actor.user):
        raise Conflict(f"Your account is connected to {settings.OIDC_NAME} already")
    with transaction.atomic():
        audit.record(actor, actor.user, after={"identity": login.account.uid})
        login.connect(request, actor.user)


@audit.attempt("identity.disconnect", lambda: "")
def disconnect(actor: Actor) -> None:
    """The user signs in by password alone again."""
    if not actor.user.has_usable_password():
        raise Conflict("Without a password you could no longer sign in")
    with transaction.atomic():
        identity = identity_of(actor.user)
        if identity is None:
            raise NotFound(f"Your account is not connected to {settings.OIDC_NAME}")
        audit.record(actor, actor.user, before={"identity": identity.uid})
        identity.delete()


def _address(request: HttpRequest, process: str, goal: str) -> str:
    provider = Identities(request).get_provider(request, settings.OIDC_PROVIDER_ID)
    try:
        response = provider.redirect(request, process=process, next_url=goal)
    except (RequestException, ValueError, KeyError) as error:
        log.warning("the OpenID provider did not say where to sign in: %s", error)
        raise Unavailable(f"{settings.OIDC_NAME} does not answer; try again") from None
    return str(response["Location"])


class Identities(DefaultSocialAccountAdapter):
    """What allauth asks about identities at the provider."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        # No mail is ever sent, and an address that somebody has here already is no reason to ask anything.
        sociallogin.email_addresses = []
        is_connecting = sociallogin.state.get("process") == AuthProcess.CONNECT
        if is_connecting and isinstance(request.user, User) and not sociallogin.is_existing:
            connect(actor_of(request, Via.PAGE), request, sociallogin)
            messages.success(request, "Your account is connected.")
            raise ImmediateHttpResponse(redirect("oidc"))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        if not settings.OIDC_NEW_USERS:
            raise not_let_in(
                request,
                None,
                f"No account here is connected to this one at {settings.OIDC_NAME}; "
                "sign in with your password and connect it, or ask an administrator",
            )
        return True

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        with transaction.atomic():
            user: User = super().save_user(request, sociallogin, form)
            address = request.META.get("REMOTE_ADDR", "")
            actor = Actor(user, via=Via.PAGE, address=address)
            audit.record(actor, user, action="user.create", after={"identity": sociallogin.account.uid})
        return user

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:
        return reverse("oidc")

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        if error != AuthError.CANCELLED:
            log.warning("signing in through the OpenID provider failed: %s", exception or error)
        outcome = "was called off" if error == AuthError.CANCELLED else "failed; try again"
        messages.error(request, f"Signing in through {settings.OIDC_NAME} {outcome}")
        raise ImmediateHttpResponse(redirect("account:sign-in"))


def not_let_in(request: HttpRequest, account: User | None, sentence: str) -> Forbidden:
    """The refusal of a sign-in, which is in the audit trail."""
    audit.record_not_let_in(Via.PAGE, request.META.get("REMOTE_ADDR", ""), account, sentence)
    return Forbidden(sentence)


class Accounts(DefaultAccountAdapter):
    """What allauth asks about accounts here."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False  # but for Identities

    def pre_login(self, request: HttpRequest, user: Any, *, redirect_url: str | None, **_: Any) -> HttpResponse:
        """Signs in the way of everyone, second factor and all, instead of allauth's own."""
        if not user.is_active:
            raise not_let_in(request, user, "This account is not active")
        user.backend = BACKEND
        return redirect(sign_in.enter(request, user, sign_in.destination(redirect_url)))
