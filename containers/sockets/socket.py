"""What both sockets have in common: who is at the other end, a place, and an end with a reason."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer

from accounts.models import User
from containers.sockets.origin import Origin, origin_of
from rules.asgi import CLOSE_CODES, header
from rules.errors import Invalid, LightdError, Unauthenticated

log = logging.getLogger(__name__)


class Socket(AsyncWebsocketConsumer, ABC):
    """One connection."""

    # Not any layer's name: a channel for each socket would end it whenever Redis is away, and nobody sends to it.
    channel_layer_alias = "none"
    _give_back: Callable[[], None] | None = None  # the socket's place, if it got one

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The whole life of the socket, however it ends: by an error, or since Daphne cancels one that takes long to
        close, again and again."""
        try:
            await super().__call__(scope, receive, send)  # type: ignore[no-untyped-call]
        finally:
            self._leaving = asyncio.create_task(self._leave())
            await asyncio.shield(self._leaving)

    async def _leave(self) -> None:
        try:
            await self.let_go()
        finally:
            if self._give_back:
                self._give_back()

    @abstractmethod
    async def let_go(self) -> None:
        """End all that goes on for the socket beside it. Called once, also of one that was never accepted."""

    def address(self) -> str:
        return str((self.scope.get("client") or ("",))[0])

    def header(self, name: str) -> str:
        return header(self.scope, name)

    def origin(self) -> Origin:
        return origin_of(self.header("origin"), self.header("host"))

    def signed_in(self) -> User:
        """Whose browser it is. Asks the database.

        Raises:
            Unauthenticated: nobody's, or another page sent the cookie along: a browser does that from any page.
        """
        user = User.objects.filter(pk=self.scope["user"].pk, is_active=True).first()
        if user is None or self.origin() is not Origin.OURS:
            raise Unauthenticated("Authentication required")
        return user

    def note_good_token(self) -> None:
        """Tell the wall, if there is one around us: whoever has the token is not to wait for those who guess."""
        if tell := self.scope.get("token_is_good"):
            tell()

    async def send_or_end(self, send_all: Callable[[], Awaitable[None]]) -> None:
        """Send until cancelled. A connection that can't be sent to any more is closed: a viewer that is told nothing
        would wait for ever, and one that is hung up on comes back."""
        try:
            await send_all()
        except Exception:
            log.exception("a socket could not be sent to")
            await self.close(code=1011)  # type: ignore[no-untyped-call]

    async def end(self, why: LightdError) -> None:
        """Close, saying why."""
        await self.close(code=CLOSE_CODES.get(type(why), 4400), reason=why.sentence[:120])  # type: ignore[no-untyped-call]


def parse(text: str | None) -> dict[str, Any]:
    """One JSON object, as strict as a request's body: no half of a surrogate pair, which no terminal can be given."""
    try:
        message = orjson.loads(text or "")
    except ValueError:
        raise Invalid("A message is one JSON object") from None
    if not isinstance(message, dict):
        raise Invalid("A message is one JSON object")
    return message
