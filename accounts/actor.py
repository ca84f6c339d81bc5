"""Who asks: the one thing that every door hands to the functions it calls."""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import ApiToken, User, called
from rules.errors import Unauthenticated


class Via(TextChoices):
    """The door that a request came through; its label is what people call it."""

    API = "api", "API"
    SOCKET = "socket", "Console"
    PAGE = "page", "Dashboard"
    ADMIN = "admin", "Admin"
    COMMAND = "command", "Command"
    SFTP = "sftp", "SFTP"


@dataclass(frozen=True)
class Actor:
    """A user, the token that speaks for them, and where from."""

    user: User
    token: ApiToken | None = None
    via: Via = Via.API
    address: str = ""

    @property
    def name(self) -> str:
        """As an event shows it: `alice`, or `alice (token deploy)`."""
        return called(self.user.username, "" if self.token is None else str(self.token))

    @property
    def is_admin(self) -> bool:
        """An administrator whose token, if any, is limited in nothing."""
        return self.user.is_superuser and (self.token is None or _is_unlimited(self.token))

    def reaches(self, internal_id: str) -> bool:
        """Whether the token, if any, is good for this container at all."""
        return self.token is None or not self.token.containers or internal_id in self.token.containers


def actor_of(request: Request | HttpRequest, via: Via | None = None) -> Actor:
    """The actor behind a request; its door is the API for a token, else a page."""
    user = request.user
    if not isinstance(user, User):
        raise Unauthenticated("Authentication required")
    token = getattr(request, "auth", None)
    if not isinstance(token, ApiToken):
        token = None
    door = via or (Via.API if token else Via.PAGE)
    return Actor(user=user, token=token, via=door, address=request.META.get("REMOTE_ADDR", ""))


def _is_unlimited(token: ApiToken) -> bool:
    return not token.containers and (not token.scopes or "admin" in token.scopes)
