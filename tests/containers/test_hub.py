"""One subscription for each process: also when the channel layer does not answer."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

import pytest
from channels_redis.core import RedisChannelLayer
from django.utils import timezone

from containers.sockets import hub
from containers.sockets.groups import EventMessage, group, layer
from containers.sockets.hub import Hub
from containers.sockets.live import MOST_WATCHED, Glance


@pytest.fixture
def silent_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A service that is connected to, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"redis://127.0.0.1:{server.getsockname()[1]}"
        silent = RedisChannelLayer(hosts=[{"address": url, "socket_timeout": 10}])
        monkeypatch.setattr(hub, "layer", lambda: silent)
        monkeypatch.setattr(hub, "CALL_AT_MOST", 0.2)
        yield


async def test_a_page_of_many_containers_waits_for_a_silent_layer_once(silent_redis: None) -> None:
    page, many = Glance(), [str(number) for number in range(MOST_WATCHED)]
    ours = Hub()

    async with asyncio.timeout(10):  # each in turn would take five times as long
        await ours.join(many, page)
        await ours.leave(many, page)

    end(ours)


async def test_many_pages_wait_for_a_silent_layer_once(silent_redis: None) -> None:
    ours = Hub()

    async with asyncio.timeout(10):
        await asyncio.gather(*(ours.join([str(number)], Glance()) for number in range(MOST_WATCHED)))
        pages = [(number, page) for number, pages in ours._viewers.items() for page in pages]
        await asyncio.gather(*(ours.leave([number], page) for number, page in pages))

    assert not ours._viewers
    end(ours)


@pytest.mark.django_db(transaction=True)
async def test_who_comes_while_the_layer_comes_back_hears_what_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is added to its group in the next round has that round's events as well."""
    asked, go_on = threading.Event(), threading.Event()
    message = EventMessage(type="console.event", container_id="new", id=1, messages=[], deleted=False)

    def events_since(moment: datetime, container_ids: list[str]) -> list[tuple[datetime, EventMessage]]:
        if not asked.is_set():
            asked.set()
            go_on.wait(10)
            return []
        return [(timezone.now(), message)]

    monkeypatch.setattr(hub, "events_since", events_since)
    ours, old, new = Hub(), page_of("old"), page_of("new")
    await ours.join(["old"], old)
    ours._note_loss(ConnectionError("away"))
    await asyncio.to_thread(asked.wait, 10)

    await ours.join(["new"], new)
    go_on.set()

    async with asyncio.timeout(5):
        assert await new.next() == [{"event": "changed", "containers": ["new"]}]
    end(ours)


@pytest.mark.django_db(transaction=True)
async def test_a_message_that_it_does_not_know_ends_no_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of another version, while one process after another is started anew."""
    monkeypatch.setattr(hub, "RETRY", 0.01)
    ours, page = Hub(), page_of("old")
    await ours.join(["old"], page)
    event = EventMessage(type="console.event", container_id="old", id=1, messages=[], deleted=False)

    await layer().group_send(group("old"), {"type": "console.unheard_of", "container_id": "old"})
    await layer().group_send(group("old"), cast(dict[str, Any], event))

    async with asyncio.timeout(5):
        assert await page.next() == [{"event": "changed", "containers": ["old"]}]
    end(ours)


@pytest.mark.django_db(transaction=True)
async def test_what_was_not_sent_is_made_up_for_whatever_went_wrong_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "RETRY", 0.01)
    message = EventMessage(type="console.event", container_id="old", id=1, messages=[], deleted=False)
    problems = [RuntimeError("whatever")]

    def events_since(moment: datetime, container_ids: list[str]) -> list[tuple[datetime, EventMessage]]:
        if problems:
            raise problems.pop()
        return [(timezone.now(), message)]

    monkeypatch.setattr(hub, "events_since", events_since)
    ours, page = Hub(), page_of("old")
    await ours.join(["old"], page)

    ours._note_loss(ConnectionError("away"))

    async with asyncio.timeout(5):
        assert await page.next() == [{"event": "changed", "containers": ["old"]}]
    end(ours)


def page_of(container_id: str) -> Glance:
    page = Glance()
    page.names = {container_id: container_id}
    return page


def end(ours: Hub) -> None:
    for task in ours._tasks:
        task.cancel()
