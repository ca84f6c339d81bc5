"""Threads of requests are kept, and none that is busy is given to another request."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from lightd_site import threads
from lightd_site.threads import KeptThreads
from lightd_site.wall.asgi import App, Receive, Scope, Send


def serving(view: Callable[[], Any]) -> App:
    """A site with one view; its answer is sent as it is."""

    async def site(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"answer": await sync_to_async(view)()})

    return KeptThreads(site)


async def ask(site: App) -> Any:
    answers: list[Any] = []

    async def receive() -> dict[str, Any]:
        raise AssertionError("nobody reads here")

    async def send(message: Any) -> None:
        answers.append(message["answer"])

    await site({"type": "http"}, receive, send)
    return answers[0]


async def test_the_next_request_has_the_thread_of_the_last() -> None:
    site = serving(threading.current_thread)

    assert await ask(site) is await ask(site)


async def test_one_whose_client_hung_up_keeps_its_thread_and_the_server_until_its_view_ends() -> None:
    begun, end = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        end.wait(10)

    views = [slow]
    site = serving(lambda: views.pop()() if views else threading.current_thread())
    hung_up = asyncio.create_task(ask(site))
    await asyncio.to_thread(begun.wait, 10)

    hung_up.cancel()
    async with asyncio.timeout(5):
        other = await ask(site)

    assert isinstance(other, threading.Thread)
    assert not hung_up.done(), "the server would end, and the view with it"
    end.set()
    with pytest.raises(asyncio.CancelledError):
        await hung_up


async def test_many_at_once_have_a_thread_each_of_which_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(threads.KEPT + 3, timeout=10)
    seen: set[threading.Thread] = set()
    ended: set[threading.Thread] = set()

    def view() -> None:
        seen.add(threading.current_thread())
        together.wait()

    monkeypatch.setattr(connections, "close_all", lambda: ended.add(threading.current_thread()))
    site = serving(view)

    await asyncio.gather(*(ask(site) for _ in range(threads.KEPT + 3)))

    assert (len(seen), len(ended)) == (threads.KEPT + 3, 3)
    for thread in ended:
        await asyncio.to_thread(thread.join, 10)
    assert {thread for thread in seen if thread.is_alive()} == seen - ended
