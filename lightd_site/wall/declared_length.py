"""DRF takes a body of no declared length for none at all: here it is declared."""

from lightd_site.wall.asgi import App, Message, Receive, Scope, Send
from lightd_site.wall.bodies import is_streamed


class DeclaredLength:
    """Around the HTTP application. The server has read, and bounded, the whole body by now, but for a streamed one."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        names = {name for name, _ in scope["headers"]}
        if b"content-length" in names or b"transfer-encoding" not in names or is_streamed(scope["path"]):
            await self.app(scope, receive, send)
            return
        body = await whole_body(receive)
        if body is not None:
            declared = (b"content-length", str(len(body)).encode())
            await self.app({**scope, "headers": [*scope["headers"], declared]}, replay(body, receive), send)


async def whole_body(receive: Receive) -> bytes | None:
    """The body; None if the client is gone."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed
