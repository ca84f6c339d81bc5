"""How the web server ends: with every request, not with the first."""

import asyncio
import threading
from typing import Any

import pytest

from lightd_site.web import WaitingServer
from volumes.operations import queue


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """No request comes here."""


async def test_the_end_waits_for_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_ends", threading.Event())  # this process goes on
    ended = []

    async def request(name: str, seconds: float) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(seconds)  # as one whose thread is still at something
            ended.append(name)

    server: Any = WaitingServer(application=nothing, endpoints=["tcp:0"])  # type: ignore[no-untyped-call]
    requests = [asyncio.create_task(request(name, seconds)) for name, seconds in (("quick", 0), ("slow", 0.3))]
    server.connections = {object(): {"application_instance": each} for each in requests}
    server.connections[object()] = {}  # a connection that has sent no whole request yet
    await asyncio.sleep(0)  # they begin

    await server.kill_all_applications().asFuture(asyncio.get_running_loop())

    assert ended == ["quick", "slow"]
