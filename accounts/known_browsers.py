"""Browsers that someone has signed in with before.

Guesses from them are counted apart: whoever guesses an account's password somewhere else, again and again, locks its
owner out of new browsers only.
"""

import datetime as dt
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts import throttle
from accounts.models import User

COOKIE = "known_browser"
_SALT = "accounts.known_browsers"
_KEPT = dt.timedelta(days=365)


def remember(response: HttpResponse, user: User) -> None:
    """Have the browser that gets this answer known as the user's. What it keeps opens nothing."""
    response.set_signed_cookie(
        COOKIE,
        f"{throttle.digest(user.username)}.{secrets.token_urlsafe(9)}",
        salt=_SALT,
        max_age=_KEPT,
        path="/account/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def is_known(request: HttpRequest) -> bool:
    """Whether anybody has signed in with it."""
    return request.get_signed_cookie(COOKIE, None, salt=_SALT, max_age=_KEPT) is not None


def known_as(request: HttpRequest, username: str) -> str:
    """What the browser is known as to this account; empty if it is not."""
    kept = request.get_signed_cookie(COOKIE, "", salt=_SALT, max_age=_KEPT) or ""
    account, _, browser = kept.partition(".")
    return browser if account == throttle.digest(username) else ""
