"""What an answer sends that is made as it goes."""

from typing import Any

from asgiref.sync import async_to_sync


def content_of(answer: Any) -> bytes:
    """What a server would send, which reads it in its event loop."""

    async def read() -> bytes:
        return b"".join([piece async for piece in answer])

    return async_to_sync(read)()
