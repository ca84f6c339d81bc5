"""A body of no declared length reaches the site like any other. Against the ASGI application, as a server calls it."""

import asyncio
from typing import Any

from lightd_site.wall.declared_length import DeclaredLength


class Echo:
    """Stands for the site: keeps what reaches it."""

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.called = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.called = True
        self.headers = dict(scope["headers"])
        while True:
            message = await receive()
            self.body += message["body"]
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})


def send_body(site: Echo, headers: dict[bytes, bytes], chunks: list[bytes], path: str = "/") -> list[Any]:
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "headers": list(headers.items())}
    asyncio.run(DeclaredLength(site)(scope, receive, send))
    return sent


CHUNKED = {b"transfer-encoding": b"chunked"}


def test_a_declared_body_passes() -> None:
    site = Echo()

    assert send_body(site, {b"content-length": b"10"}, [b"12345", b"12345"])[0]["status"] == 200
    assert site.body == b"1234512345"


def test_a_body_of_unknown_length_is_counted_and_declared() -> None:
    site = Echo()

    send_body(site, CHUNKED, [b"123", b"45"])

    assert site.body == b"12345"
    assert site.headers[b"content-length"] == b"5"


def test_an_upload_is_passed_on_as_it_comes() -> None:
    site = Echo()

    send_body(site, CHUNKED, [b"123", b"45"], path="/volumes/550e8400-e29b-41d4-a716-446655440000/upload")

    assert site.body == b"12345"
    assert b"content-length" not in site.headers
