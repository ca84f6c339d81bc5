"""Who sends a request, by its Authorization header."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from accounts import tokens
from accounts.models import ApiToken, User
from rules.asgi import bearer


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer lightd_…`."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        secret = bearer(get_authorization_header(request).decode("latin-1"))
        if secret is None:
            return None
        token = tokens.authenticate(secret, address=request.META.get("REMOTE_ADDR", ""))
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
