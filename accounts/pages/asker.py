"""What the account pages have in common."""

from typing import cast

from django.http import HttpRequest

from accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """Who asks; for pages that nobody else gets to see."""
    return cast(User, request.user)
