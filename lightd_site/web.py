"""Daphne, with what it lacks: a socket that is not read makes its sender wait, a close says why, and what comes in is
bounded (`lightd_site.wall.intake`).

By itself it buffers without bound what a slow client does not take, so one sleeping laptop with an open console could
take all memory. Here the sender waits, and the console's own queue decides what is left out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from http import HTTPStatus
from time import monotonic
from typing import Any

from daphne import server
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.web.http_headers import Headers
from zope.interface import implementer  # type: ignore[import-untyped]

from lightd_site.wall.intake import Intake, Request, last_answer
from volumes.operations import queue

# Bytes of one message of a client's: the longest command of a console, each character written as two JSON escapes.
MAX_MESSAGE = 256 << 10
# Messages of one socket that may wait. Its connection is not read while there are more.
MAX_UNREAD = 64
# Seconds that requests may take to end with the server.
LONGEST_END = 10.0

log = logging.getLogger(__name__)


@implementer(IPushProducer)
class Drain:
    """Told by Twisted's transport when its buffer (64 KiB) is full, and when it is empty again."""

    def __init__(self) -> None:
        self._flows = asyncio.Event()
        self._flows.set()

    def pauseProducing(self) -> None:
        self._flows.clear()

    def resumeProducing(self) -> None:
        self._flows.set()

    def stopProducing(self) -> None:
        """The connection is gone: nobody need wait for it."""
        self._flows.set()

    async def wait(self) -> None:
        await self._flows.wait()


class Socket(WebSocketProtocol):
    """Daphne's socket, which is not read while the site has not taken what came before."""

    transport: Any
    maxMessagePayloadSize: int
    _paused = False

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        super().onMessage(payload, isBinary)  # type: ignore[no-untyped-call]
        if self.application_queue.qsize() > MAX_UNREAD and not self._paused:
            self._paused = True
            self.transport.pauseProducing()

    def sendMessage(self, *args: Any, **options: Any) -> None:
        """autobahn's one limit is for both directions; ours is for what comes in."""
        limit, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0
        try:
            super().sendMessage(*args, **options)  # type: ignore[no-untyped-call]
        finally:
            self.maxMessagePayloadSize = limit

    def sendHttpErrorResponse(
        self, code: int, reason: str, responseHeaders: Iterable[tuple[str, str]] | None = None
    ) -> None:
        """A refused handshake is answered as any other request that the site never saw."""
        came = getattr(self, "http_headers", {})  # unless they could not be read
        asked = Headers({name: [came[name]] for name in ("accept", "x-request-id") if name in came})
        more = [(name.encode(), str(value).encode()) for name, value in responseHeaders or ()]
        self.sendData(last_answer(HTTPStatus(code), reason, asked, more))

    def note_taken(self) -> None:
        if self._paused and self.application_queue.qsize() <= MAX_UNREAD // 2:
            self._paused = False
            self.transport.resumeProducing()


class SocketFactory(WebSocketFactory):
    """Makes the above, and says why it ends one whose client is against the protocol, instead of hanging up."""

    protocol = Socket

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)  # type: ignore[no-untyped-call]
        # One that has not said good-bye within autobahn's default of a second would lose the reason with the rest.
        self.setProtocolOptions(failByDrop=False, closeHandshakeTimeout=10)  # type: ignore[no-untyped-call]


class WaitingServer(server.Server):
    """Daphne's server, whose websocket senders wait for their client, and whose closes carry their reason."""

    def run(self) -> None:
        # Where `run` looks for them.
        vars(server).update(HTTPFactory=Intake, WebSocketFactory=SocketFactory)
        self._site, self.application = self.application, self._call_site
        super().run()  # type: ignore[no-untyped-call]

    def _call_site(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        protocol = send.args[0]  # Daphne's partial of `handle_reply`
        if scope["type"] != "websocket":
            incoming = protocol.incoming
            return self._site(scope, incoming.receive if incoming else receive, send)

        async def take() -> Any:
            message = await receive()
            protocol.note_taken()
            return message

        return self._site(scope, take, send)

    def kill_all_applications(self) -> Any:
        """Daphne's own trips over connections that have no whole request yet, and waits for no more than the first that
        ends: another's thread would then wait for a loop that has stopped, and the process for that thread.
        """
        queue.end_waiting()  # a thread that waits for a worker
        for each in self.connections:
            if isinstance(each, Request):
                each.cut()  # a thread that waits for more of an upload would be waited for
        return Deferred.fromFuture(asyncio.ensure_future(self._end_applications()))

    async def _end_applications(self) -> None:
        """Until none is left, of those too that came meanwhile."""
        until = monotonic() + LONGEST_END
        while (left := self._applications()) and monotonic() < until:
            for application in left:
                application.cancel()
            await asyncio.wait(left, timeout=until - monotonic())
        if left:
            log.error("%d requests did not end within %d seconds", len(left), LONGEST_END)

    def _applications(self) -> list[asyncio.Future[None]]:
        known = [details.get("application_instance") for details in self.connections.values()]
        return [each for each in known if each is not None and not each.done()]

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.close" and message.get("reason") and protocol.state == protocol.STATE_OPEN:
            protocol.sendClose(message["code"], message["reason"])
            return
        await super().handle_reply(protocol, message)  # type: ignore[no-untyped-call]
        if message["type"] == "websocket.accept":
            protocol.drain = Drain()
            protocol.transport.unregisterProducer()  # the HTTP half of the connection, which is over
            protocol.transport.registerProducer(protocol.drain, True)
        elif message["type"] == "websocket.send":
            await protocol.drain.wait()
        elif message["type"] == "http.response.body" and message.get("more_body"):
            await self._wait_for_client(protocol)

    async def _wait_for_client(self, request: Request) -> None:
        if request.finished or request.channel is None:
            return
        if request.drain is None:
            request.drain = Drain()
            request.registerProducer(request.drain, True)  # type: ignore[no-untyped-call]
        await request.drain.wait()
