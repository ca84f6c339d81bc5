"""Power actions on the console socket."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from accounts import tokens
from accounts.actor import Actor
from accounts.models import AuditEntry, User
from containers.lifecycle import POWER
from containers.models import Container
from containers.sockets import consumer
from lightd_site.asgi import application
from tests.people import container_of

pytestmark = pytest.mark.django_db(transaction=True)

SOON = 5  # seconds
TOO_MANY = "Error: At most 5 power actions a second; try again in a second"


async def open_console(secret: str) -> Any:
    """Open, and let in: it has answered."""
    connection: Any = WebsocketCommunicator(application, f"/ws/web-1?token={secret}")
    accepted, _ = await connection.connect(timeout=SOON)
    assert accepted
    await connection.send_json_to({"event": "request_logs"})
    assert (await connection.receive_json_from(timeout=SOON))["event"] == "logs"
    return connection


async def test_floods_of_them_are_refused_without_a_trace(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]  # it stands still while they come
    monkeypatch.setattr(consumer, "time", SimpleNamespace(monotonic=lambda: now[0]))
    await sync_to_async(container_of)(alice)
    _, secret = await sync_to_async(tokens.issue)(alice, scopes=["console.read"])
    console = await open_console(secret)

    assert (await asked_to_start(console, 4 * consumer.POWER_RATE)).count(TOO_MANY) == 3 * consumer.POWER_RATE
    now[0] += 1
    assert TOO_MANY not in await asked_to_start(console, 1)

    await console.disconnect()
    recorded = await sync_to_async(AuditEntry.objects.filter(action="container.start").count)()
    assert recorded == consumer.POWER_RATE + 1


async def asked_to_start(console: Any, times: int) -> list[str]:
    """What is answered; all are sent first."""
    for _ in range(times):
        await console.send_json_to({"event": "power", "action": "start"})
    return [(await console.receive_json_from(timeout=SOON))["data"] for _ in range(times)]


async def test_one_that_waits_for_the_engine_keeps_nobody_else_waiting(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = await sync_to_async(container_of)(alice)
    _, secret = await sync_to_async(tokens.issue)(alice)
    engine_answers, asked = threading.Event(), threading.Event()

    def start(actor: Actor, internal_id: str) -> Container:
        asked.set()
        engine_answers.wait(4 * SOON)
        return container

    monkeypatch.setitem(POWER, "start", start)
    first = await open_console(secret)
    try:
        await first.send_json_to({"event": "power", "action": "start"})
        assert await sync_to_async(asked.wait, thread_sensitive=False)(SOON)

        second = await open_console(secret)
        await second.disconnect()
    finally:
        engine_answers.set()
        await first.disconnect()
