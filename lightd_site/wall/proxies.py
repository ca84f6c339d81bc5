"""Who is at the other end: the one place that decides a client's address, scheme and host.

Around the whole application, HTTP and sockets alike: after it `scope["client"]`, and so `REMOTE_ADDR`, is the client's
own address, and what proxies say of it is gone from the headers, so that nobody decides it a second time.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from lightd_site.wall.asgi import App, Headers, Receive, Scope, Send
from rules.networks import Address, address_of

SAID_BY_PROXIES = frozenset(
    {
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-proto",
        b"x-forwarded-server",
        b"x-real-ip",
    }
)
SECURE = {"http": "https", "ws": "wss"}


class Proxies:
    """Believes what LIGHTD_TRUSTED_PROXIES say of a request, and nobody else."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(seen_through(scope), receive, send)


def seen_through(scope: Scope) -> Scope:
    """The scope as it would be had the client come to us directly."""
    # Daphne takes the root path from a header of the client's.
    direct = {
        **scope,
        "root_path": "",
        "headers": [pair for pair in scope["headers"] if pair[0] not in SAID_BY_PROXIES],
    }
    peer = parse((scope.get("client") or ("",))[0])
    if peer is None:
        return direct
    if not is_trusted(peer):
        return direct | {"client": (str(peer), scope["client"][1])}
    return direct | {
        "client": (str(client_behind(peer, said(scope["headers"], b"x-forwarded-for"))), 0),
        "scheme": scheme(scope),
        "headers": with_host(direct["headers"], said(scope["headers"], b"x-forwarded-host")),
    }


def client_behind(peer: Address, forwarded_for: Sequence[str]) -> Address:
    """The last address that is no proxy of ours: what is written left of it, the client may have made up."""
    client = peer
    for text in reversed(forwarded_for):
        before = parse(text)
        if before is None:
            return client
        client = before
        if not is_trusted(client):
            return client
    return client


def scheme(scope: Scope) -> str:
    """The client's own scheme; what the nearest proxy says of it comes last."""
    plain = "ws" if scope["type"] == "websocket" else "http"
    forwarded = said(scope["headers"], b"x-forwarded-proto")
    return SECURE[plain] if forwarded and forwarded[-1].lower() in ("https", "wss") else plain


def with_host(headers: Headers, forwarded: Sequence[str]) -> Headers:
    """The headers with the host that the client asked for."""
    if not forwarded:
        return headers
    others = [pair for pair in headers if pair[0] != b"host"]
    return [*others, (b"host", forwarded[-1].encode("latin-1"))]


def is_trusted(address: Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)


def parse(text: str) -> Address | None:
    """An address, also with a port as some proxies write it."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    return address_of(bare)


def said(headers: Headers, name: bytes) -> list[str]:
    """The parts of a list header, the farthest proxy's first."""
    values = ",".join(value.decode("latin-1") for key, value in headers if key == name)
    return [part for each in values.split(",") if (part := each.strip())]
