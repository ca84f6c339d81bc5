"""How requests come in: connections, heads and bodies are bounded in number, size and time before anything is kept.

Daphne spools a whole body before it asks anyone, and Twisted waits for as long as a byte comes now and then. Here what
is too large or too slow is answered as soon as that is known, and the rest of it is not read. An upload is handed on
while it comes: the site is asked once its head is there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import orjson
from daphne.http_protocol import HTTPFactory, WebRequest
from django.conf import settings
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.web import http

from lightd_site.rest import media
from lightd_site.wall import proxies
from lightd_site.wall.bodies import IncomingBody, body_limit, is_streamed
from lightd_site.wall.headers import ALWAYS
from rules import request_id

log = logging.getLogger("lightd_site.requests")

# A client that still writes does not read yet, and loses our answer if we hang up on it: so much is thrown away first.
LINGER_BYTES = 16 << 20
LINGER_SECONDS = 5.0
# Bytes of an upload that have to come in LIGHTD_REQUEST_TIMEOUT.
STEP = 64 << 10

# What an answer carries that the site never saw.
HEADERS = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    *((name.lower().encode(), value.encode()) for name, value in ALWAYS.items()),
)


class Request(WebRequest):
    """Daphne's request, whose body is counted as it comes and whose errors are JSON."""

    channel: Any
    incoming: IncomingBody | None = None  # of an upload
    drain: Any = None  # of a long answer: `lightd_site.web`

    def gotLength(self, length: int | None) -> None:
        path = self.channel._path.decode("latin-1").partition("?")[0]
        self._room = self._limit = body_limit(path)
        streamed = is_streamed(path)
        super().gotLength(0 if streamed else length)  # else Twisted makes a file for it
        if length is not None and length > self._limit:
            self.refuse_body()
        elif streamed:
            self.incoming = IncomingBody(self.channel.let_wait, self.channel.go_on)
            super().requestReceived(self.channel._command, self.channel._path, self.channel._version)

    def handleContentChunk(self, data: bytes) -> None:
        self._room -= len(data)
        if self._room < 0:
            self.refuse_body()
        elif self.incoming is None:
            super().handleContentChunk(data)
        else:
            self.channel.note_progress(len(data))
            self.incoming.put(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        if self.incoming is None:
            super().requestReceived(command, path, version)
        else:
            self.incoming.end()

    def cut(self) -> None:
        """Whoever reads the body is told that there will be no more of it."""
        if self.incoming is not None:
            self.incoming.cut()

    def connectionLost(self, reason: Any) -> None:
        self.cut()
        super().connectionLost(reason)

    def handle_reply(self, message: Any) -> None:
        if self.channel is None or not self.channel.is_refused:
            self._answer_early(message)
            super().handle_reply(message)

    def _answer_early(self, message: Any) -> None:
        """An answer to half an upload ends the connection: nobody wants the other half."""
        if message["type"] == "http.response.start" and self.incoming is not None and not self.incoming.ended:
            self.responseHeaders.setRawHeaders(b"connection", [b"close"])

    def finish(self) -> None:
        if self.producer:
            self.unregisterProducer()
        if self.incoming is not None and not self.incoming.ended and self.channel is not None:
            self.channel.read_no_more()
        super().finish()

    def refuse_body(self) -> None:
        self.channel.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {self._limit} bytes")

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        sentence = body if status < 500 else status_text.decode("ascii")
        content, headers = error(HTTPStatus(status), sentence, self.requestHeaders)
        self.handle_reply({"type": "http.response.start", "status": status, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": content})


class Channel(http.HTTPChannel):
    """One connection, on which each request has to be there within LIGHTD_REQUEST_TIMEOUT of its first byte."""

    transport: Any
    _networkProducer: Any
    is_refused = False
    _discarded = 0
    _progress = 0
    _deadline: Any = None
    _end: Any = None

    def dataReceived(self, data: bytes) -> None:
        if self.is_refused:
            self._discard(data)
            return
        if self._deadline is None and not self._handlingRequest:
            self._deadline = self.callLater(settings.REQUEST_TIMEOUT, self._too_slow)
        super().dataReceived(data)

    def rawDataReceived(self, data: bytes) -> None:
        if not self.is_refused:
            super().rawDataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        if not self.is_refused:
            super().lineReceived(line)

    def allContentReceived(self) -> None:
        if not self.is_refused:
            self._forget_deadline()
            super().allContentReceived()

    def connectionLost(self, reason: Any = connectionDone) -> None:
        self._forget_deadline()
        if self._end is not None and self._end.active():
            self._end.cancel()
        super().connectionLost(reason)

    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request's head is too large")

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(HTTPStatus.BAD_REQUEST, "The request is not valid HTTP")

    def _too_slow(self) -> None:
        self._deadline = None
        self.refuse(HTTPStatus.REQUEST_TIMEOUT, f"The request took longer than {settings.REQUEST_TIMEOUT} s to arrive")

    def note_progress(self, size: int) -> None:
        """Some of an upload has come: with each STEP of it the time begins anew."""
        self._progress += size
        if self._progress >= STEP and self._deadline is not None:
            self._progress = 0
            self._deadline.reset(settings.REQUEST_TIMEOUT)

    def let_wait(self) -> None:
        """The disk is slower than the client, whose time does not run meanwhile."""
        self._forget_deadline()
        self._networkProducer.pauseProducing()

    def go_on(self) -> None:
        if not self.is_refused and self.requests:
            self._deadline = self._deadline or self.callLater(settings.REQUEST_TIMEOUT, self._too_slow)
            self._networkProducer.resumeProducing()

    def _forget_deadline(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = None

    def refuse(self, status: HTTPStatus, sentence: str) -> None:
        """Answer at once, read no more than politeness asks for, and hang up."""
        if self.is_refused:
            return
        self.is_refused = True
        self._forget_deadline()
        self.setTimeout(None)
        request = self.requests[-1] if self.requests else None
        if request is not None:
            request.requestHeaders.removeHeader(b"Expect")  # nobody is to go on
        log.info("refused", extra={"fields": {"status": status.value, "address": self.getPeer().host, "why": sentence}})
        self._networkProducer.unregisterProducer()
        self.transport.write(last_answer(status, sentence, request.requestHeaders if request else None))
        if request is not None:
            request.cut()
        self._hang_up()

    def read_no_more(self) -> None:
        """What still comes is thrown away, and the connection ends with the answer."""
        self._forget_deadline()
        self.is_refused = True
        self.persistent = False

    def loseConnection(self) -> None:
        if self.is_refused:
            self._networkProducer.unregisterProducer()
            self._hang_up()
        else:
            super().loseConnection()

    def _hang_up(self) -> None:
        self.transport.loseWriteConnection()
        self._end = self.callLater(LINGER_SECONDS, self.transport.abortConnection)

    def _discard(self, data: bytes) -> None:
        self._discarded += len(data)
        if self._discarded > LINGER_BYTES:
            self.transport.abortConnection()


class Factory(HTTPFactory):
    """Makes the above of each connection."""

    protocol: Any = Channel

    def buildProtocol(self, addr: Any) -> Any:
        channel = super().buildProtocol(addr)
        channel.requestFactory = Request
        return channel


class Intake(WrappingFactory[ProtocolWrapper]):
    """No address holds more than LIGHTD_ADDRESS_CONNECTIONS connections; a proxy of ours speaks for many."""

    def __init__(self, server: Any) -> None:
        super().__init__(Factory(server))
        self._open: dict[str, int] = {}

    def buildProtocol(self, addr: Any) -> Any:
        if self._open.get(addr.host, 0) >= settings.ADDRESS_CONNECTIONS and not is_proxy(addr.host):
            return None  # Twisted hangs up
        return super().buildProtocol(addr)

    def registerProtocol(self, p: ProtocolWrapper) -> None:
        host = p.getPeer().host
        self._open[host] = self._open.get(host, 0) + 1
        super().registerProtocol(p)

    def unregisterProtocol(self, p: ProtocolWrapper) -> None:
        host = p.getPeer().host
        self._open[host] -= 1
        if not self._open[host]:
            del self._open[host]
        super().unregisterProtocol(p)


def is_proxy(host: str) -> bool:
    address = proxies.parse(host)
    return address is not None and proxies.is_trusted(address)


def last_answer(status: HTTPStatus, sentence: str, asked: Any, more: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """An error as it is sent on a connection that ends with it."""
    content, headers = error(status, sentence, asked)
    head = [b"HTTP/1.1 %d %s" % (status.value, status.phrase.encode()), b"connection: close"]
    head += [b"%s: %s" % pair for pair in (*headers, *more)]
    return b"\r\n".join([*head, b"", content])


def error(status: HTTPStatus, sentence: str, asked: Any) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Body and headers of an error of the contract's shape; `asked` are the request's headers, as far as they came."""
    body = orjson.dumps({"error": sentence})
    wanted = media.choose(first(asked, b"accept"))
    return body, [
        *HEADERS,
        (b"content-type", (wanted or media.JSON).encode()),
        (b"content-length", b"%d" % len(body)),
        (b"x-request-id", request_id.accept(first(asked, b"x-request-id")).encode()),
    ]


def first(headers: Any, name: bytes) -> str | None:
    values = headers.getRawHeaders(name) if headers is not None else None
    return values[0].decode("latin-1") if values else None
