"""How often one may ask: limits by address, by token or session, and on wrong tokens from one address."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from http.cookies import CookieError, SimpleCookie

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from lightd_site.rest import errors
from lightd_site.wall.asgi import App, Message, Receive, Scope, Send
from lightd_site.wall.counters import Count, Memory, Redis, counters
from rules.asgi import CLOSE_CODES, bearer, header, token_of
from rules.errors import TooMany, Unauthenticated
from rules.networks import network_of

WINDOW = 10  # seconds in which requests are counted
WRONG_WINDOW = 60  # the same for wrong tokens
GOOD_TOKENS = 10_000  # remembered


class Rates:
    """Counts who asks, and refuses who asks too often."""

    def __init__(self, store: Memory | Redis) -> None:
        self._store = store
        self._good: OrderedDict[str, None] = OrderedDict()

    def admit(self, address: str, token: str, session: str) -> None:
        """Count one request, before anything is done for it.

        Args:
            token: what came with it; empty without one.
            session: the key of a browser's, counted where there is no token; wrong tokens say nothing about it.

        Raises:
            TooMany: it is one too many.
        """
        secret = token or session
        place = network_of(address)
        of_address, of_secret = Count(f"address:{place}", WINDOW), Count(f"secret:{mark(secret)}", WINDOW)
        asked = self._store.add([of_address, of_secret] if secret else [of_address])
        refuse_beyond(settings.ADDRESS_RATE, asked[0], of_address, "Too many requests from your address")
        if not secret:
            return
        sentence = "Too many requests with this token" if token else "Too many requests from your session"
        refuse_beyond(settings.TOKEN_RATE, asked[1], of_secret, sentence)
        if token and not self._is_good(mark(token)):
            wrong = wrong_tokens(place)
            (tried,) = self._store.read([wrong])
            refuse_beyond(settings.WRONG_TOKEN_RATE, tried + 1, wrong, "Too many wrong tokens from your address")

    def note_good(self, secret: str) -> None:
        """Whoever has this token goes on, also where a neighbour behind the same address tries wrong ones."""
        marked = mark(secret)
        if self._is_good(marked):
            return
        self._good[marked] = None
        if len(self._good) > GOOD_TOKENS:
            self._good.popitem(last=False)

    def _is_good(self, marked: str) -> bool:
        """Whether it was; then it is the last to be forgotten. In one step, as many threads ask."""
        try:
            self._good.move_to_end(marked)
        except KeyError:
            return False
        return True

    def note_wrong(self, address: str) -> None:
        self._store.add([wrong_tokens(network_of(address))])


@cache
def rates() -> Rates:
    """Those of this process."""
    return Rates(counters())


def wrong_tokens(place: str) -> Count:
    return Count(f"wrong:{place}", WRONG_WINDOW)


def refuse_beyond(limit: int, counted: int, count: Count, sentence: str) -> None:
    """Raise `TooMany` if there were more than `limit`; a limit of 0, or less, is none."""
    if 0 < limit < counted:
        raise TooMany(f"{sentence}; try again in {count.left} s", count.left)


def mark(secret: str) -> str:
    """What stands for a secret where it is counted."""
    return hashlib.blake2b(secret.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


# --- At the doors -------------------------------------------------------------


def limit_requests(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Around every request."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        address = request.META.get("REMOTE_ADDR", "")
        token = bearer(request.headers.get("Authorization", "")) or ""
        try:
            rates().admit(address, token, request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))
        except TooMany as error:
            return errors.respond(request, error)
        response = get_response(request)
        if token and getattr(request, "auth", None) is not None:  # set by DRF, where a token was found good
            rates().note_good(token)
        elif token and response.status_code == 401:
            rates().note_wrong(address)
        return response

    return middleware


class LimitSockets:
    """Around every socket: one that is refused is opened and closed at once, for a browser to read the reason.

    The socket says whether the token that it was opened with is a good one, by calling `scope["token_is_good"]`.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = (scope.get("client") or ("",))[0]
        token = token_of(scope)
        try:
            await sync_to_async(rates().admit, thread_sensitive=False)(address, token, session_of(scope))
        except TooMany as error:
            await close(receive, send, error)
            return
        is_good = False

        def note_good() -> None:
            nonlocal is_good
            is_good = True
            rates().note_good(token)

        async def watched(message: Message) -> None:
            # One that was good before has expired meanwhile, or was revoked.
            is_refusal = message["type"] == "websocket.close" and message.get("code") == CLOSE_CODES[Unauthenticated]
            if token and not is_good and is_refusal:
                await sync_to_async(rates().note_wrong, thread_sensitive=False)(address)
            await send(message)

        await self.app({**scope, "token_is_good": note_good}, receive, watched)


async def close(receive: Receive, send: Send, error: TooMany) -> None:
    await receive()  # that it wants to connect
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": CLOSE_CODES[TooMany], "reason": error.sentence})


def session_of(scope: Scope) -> str:
    try:
        morsel = SimpleCookie(header(scope, "cookie")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return morsel.value if morsel else ""
