"""A user's own password, once signed in."""

from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from accounts import audit, throttle
from accounts.actor import actor_of
from accounts.models import User
from rules.errors import Invalid


@sensitive_variables("old", "new")
def change(request: HttpRequest, user: User, old: str, new: str) -> None:
    """Set another password; every browser but this one is signed out."""
    check_own(user, old)
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        audit.record(actor_of(request), user, action="password.change")
    update_session_auth_hash(request, user)


@sensitive_variables("password")
def check_own(user: User, password: str) -> None:
    """Whether it is still the user who sits there. Guesses are limited as at the sign-in."""
    with throttle.attempt(throttle.own_password_of(user)):
        if not user.check_password(password):
            raise Invalid.at("password", "The password is wrong")
