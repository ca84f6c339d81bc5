"""The console socket for everyone: the same callers as at the routes."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from accounts.permissions import Permission
from lightd_site.asgi import application, sockets
from tests.rights.people import CONTAINER, Caller, everyone


def test_there_are_two_sockets() -> None:
    """The dashboard's own takes no token: `tests/containers/test_live_socket.py`."""
    assert [str(route.pattern) for route in sockets] == ["ws/<path:internal_id>", "live", ""]


def wanted(caller: Caller) -> int | str:
    if not caller.known:
        return 4401
    if caller.may(Permission.CONSOLE_READ):
        return "open"
    return 4403 if caller.sees else 4404


async def got(secret: str) -> int | str:
    """`open`, or the code that it is closed with."""
    connection: Any = WebsocketCommunicator(application, f"/ws/{CONTAINER}?token={secret}")
    accepted, _ = await connection.connect(timeout=5)
    assert accepted
    await connection.send_json_to({"event": "request_logs"})
    first = await connection.receive_output(timeout=5)
    if first["type"] == "websocket.close":
        code: int = first["code"]
        return code
    await connection.disconnect()
    return "open"


@pytest.mark.django_db(transaction=True)
async def test_each_gets_what_is_theirs() -> None:
    wrong = {}
    for caller in await sync_to_async(lambda: list(everyone()))():
        answer = await got(caller.secret)
        if answer != wanted(caller):
            wrong[caller.name] = f"{answer}, and not {wanted(caller)}"

    assert wrong == {}
