"""The dashboard's own socket: what changed of the containers on a page, for whoever may see them."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from containers import events, health
from containers.models import Container, Event, Grant
from containers.sockets import engine
from containers.sockets.groups import group
from containers.sockets.hub import hub
from containers.sockets.live import MOST_WATCHED, Glance, LiveConsumer
from containers.sockets.watchman import watchman
from lightd_site.asgi import application
from rules.errors import Forbidden
from tests.people import container_of

pytestmark = pytest.mark.django_db(transaction=True)
OURS = (b"origin", b"http://testserver"), (b"host", b"testserver")
USAGE = {"cpu_usage": 12.5, "memory_usage": 1024}
SOON = 5  # seconds

_events = count(1)  # their ids

Open = Callable[..., Awaitable[Any]]


def cookie_of(user: User) -> bytes:
    browser = Client()
    browser.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}".encode()


@pytest_asyncio.fixture
async def open_live() -> Any:
    """Opens the socket in a user's browser; the one who opens it gets the connection, accepted."""
    opened = []

    async def connect(user: User | None, headers: tuple[tuple[bytes, bytes], ...] = OURS) -> Any:
        cookie = ((b"cookie", await sync_to_async(cookie_of)(user)),) if user else ()
        connection: Any = WebsocketCommunicator(application, "/live", headers=[*headers, *cookie])
        accepted, _ = await connection.connect(timeout=SOON)
        assert accepted
        opened.append(connection)
        if user and headers == OURS:
            assert (await connection.receive_json_from(timeout=SOON))["event"] == "engine"
        return connection

    yield connect
    for connection in opened:
        if not connection.future.done():
            await connection.disconnect()


async def watch(page: Any, *names: str, unseen: Collection[str] = ()) -> None:
    """Have the page watch these, and as many as it likes that it may not see."""
    await page.send_json_to({"event": "watch", "containers": [*names, *unseen]})
    await until_watched(*names)


async def until_watched(*names: str) -> None:
    """Until the hub hears of exactly these."""
    async with asyncio.timeout(SOON):
        while watched() != set(names):  # noqa: ASYNC110 - the hub tells nobody who joins
            await asyncio.sleep(0.01)


def watched() -> set[str | None]:
    return {page.names.get(key) for key, pages in hub()._viewers.items() for page in pages if isinstance(page, Glance)}


async def tell(container: Container, **message: Any) -> None:
    layer = get_channel_layer()
    assert layer
    await layer.group_send(group(container.pk), {"container_id": str(container.pk), **message})


async def change(container: Container) -> None:
    await tell(container, type="console.event", id=next(_events), messages=[], deleted=False)


async def told(page: Any) -> Any:
    return await page.receive_json_from(timeout=SOON)


def changed(*names: str) -> dict[str, Any]:
    return {"event": "changed", "containers": list(names)}


async def made(owner: User, *names: str) -> list[Container]:
    return [await sync_to_async(container_of)(owner, name) for name in names]


async def test_what_changed_since_the_page_was_asked_for_is_told(open_live: Open, alice: User) -> None:
    containers = await made(alice, "web-1", "web-2", "web-3")
    for one in containers:
        await sync_to_async(events.record)(one, Event.Kind.RUNNING)
    long_ago = timezone.now() - timedelta(hours=1)
    await Event.objects.filter(internal_id="web-2").aupdate(created_at=long_ago)
    page = await open_live(alice)

    await page.send_json_to({"event": "watch", "containers": ["web-1", "web-2"], "age": 600.5})

    assert await told(page) == changed("web-1")

    await page.send_json_to({"event": "watch", "containers": ["web-1", "web-3"], "age": 600})

    assert await told(page) == changed("web-3")


async def test_changes_are_told_together_and_once(open_live: Open, alice: User) -> None:
    web, other = await made(alice, "web-1", "web-2")
    page = await open_live(alice)
    await watch(page, "web-1", "web-2")

    await change(web)
    await change(web)
    assert await told(page) == changed("web-1")

    await change(other)
    assert await told(page) == changed("web-2")


async def test_figures_are_told_together(open_live: Open, alice: User) -> None:
    both = await made(alice, "web-1", "web-2")
    page = await open_live(alice)
    await watch(page, "web-1", "web-2")

    for one in both:
        await tell(one, type="console.stats", usage=USAGE)

    assert await told(page) == {"event": "stats", "containers": {"web-1": USAGE, "web-2": USAGE}}


async def test_what_is_printed_is_not_told(open_live: Open, alice: User) -> None:
    web, other = await made(alice, "web-1", "web-2")
    page = await open_live(alice)
    await watch(page, "web-1", "web-2")

    await tell(web, type="console.output", data="Hello", start=0, end=5)
    await change(other)

    assert await told(page) == changed("web-2")


async def test_a_page_that_watches_others_hears_no_more_of_the_first(open_live: Open, alice: User) -> None:
    first, second = await made(alice, "web-1", "web-2")
    page = await open_live(alice)
    await watch(page, "web-1")
    await watch(page, "web-2")

    await change(first)
    await change(second)

    assert await told(page) == changed("web-2")


async def test_nobody_hears_of_what_they_may_not_see(open_live: Open, alice: User, bob: User) -> None:
    [web], [own] = await made(alice, "web-1"), await made(bob, "web-2")
    page = await open_live(bob)
    await watch(page, "web-2", unseen=["web-1", "no-such", "nul\x00"])

    for one in (web, own):
        await tell(one, type="console.stats", usage=USAGE)
        await change(one)

    assert await told(page) == changed("web-2")
    assert await told(page) == {"event": "stats", "containers": {"web-2": USAGE}}


async def test_any_grant_shows_and_taken_back_shows_no_more(open_live: Open, alice: User, bob: User) -> None:
    [web], [own] = await made(alice, "web-1"), await made(bob, "web-2")
    grant = await Grant.objects.acreate(container=web, user=bob, permissions=[Permission.POWER])
    page = await open_live(bob)
    await watch(page, "web-1", "web-2")
    await change(web)
    assert await told(page) == changed("web-1")

    await grant.adelete()

    await until_watched("web-2")
    await change(web)
    await change(own)
    assert await told(page) == changed("web-2")


async def test_an_administrator_no_longer_sees_their_own_alone(open_live: Open, alice: User, admin: User) -> None:
    [theirs], [own] = await made(alice, "web-1"), await made(admin, "web-2")
    page = await open_live(admin)
    await watch(page, "web-1")

    await User.objects.filter(pk=admin.pk).aupdate(is_superuser=False)

    await watch(page, "web-2", unseen=["web-1"])
    await change(theirs)
    await change(own)
    assert await told(page) == changed("web-2")


async def test_a_page_hears_whether_the_engine_answers(open_live: Open, alice: User) -> None:
    await sync_to_async(health.beat)("supervisor", {"engine": "ok"})
    page, another = await open_live(alice), await open_live(alice)

    await sync_to_async(health.beat)("supervisor", {"engine": "away", "engine_away_since": 1_800_000_000})

    for each in page, another:
        assert await each.receive_json_from(timeout=SOON) == {"event": "engine", "away_since": 1_800_000_000}

    await sync_to_async(health.beat)("supervisor", {"engine": "ok"})

    assert await page.receive_json_from(timeout=SOON) == {"event": "engine", "away_since": None}
    assert await page.receive_nothing(timeout=0.3)


async def test_one_that_comes_later_hears_it_at_once(
    open_live: Open, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "EVERY", 12 * SOON)  # the next look is too late
    await sync_to_async(health.beat)("supervisor", {"engine": "away", "engine_away_since": 1_800_000_000})
    await open_live(alice)

    await open_live(alice)  # the fixture awaits the word about the engine, and not for longer than SOON


async def test_signed_out_it_is_closed(open_live: Open, alice: User) -> None:
    await made(alice, "web-1")
    page = await open_live(alice)
    await watch(page, "web-1")

    await alice.sessions.all().adelete()

    closed = await page.receive_output(timeout=SOON)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4401)


async def test_a_stranger_is_turned_away(open_live: Open) -> None:
    page = await open_live(None)

    closed = await page.receive_output(timeout=SOON)

    assert (closed["type"], closed["code"]) == ("websocket.close", 4401)


async def test_a_cookie_without_its_page_opens_nothing(open_live: Open, alice: User) -> None:
    page = await open_live(alice, headers=((b"host", b"testserver"),))

    closed = await page.receive_output(timeout=SOON)

    assert (closed["type"], closed["code"]) == ("websocket.close", 4401)


@pytest.mark.parametrize(
    "message",
    [
        {"event": "watch"},
        {"event": "watch", "containers": "web-1"},
        {"event": "watch", "containers": [1]},
        {"event": "watch", "containers": ["web-1"], "age": -1},
        {"event": "watch", "containers": ["web-1"], "age": "long"},
        {"event": "power", "action": "kill"},
        {"event": "watch", "containers": ["x"] * (MOST_WATCHED + 1)},
    ],
)
async def test_what_is_not_understood_ends_it(open_live: Open, alice: User, message: dict[str, Any]) -> None:
    page = await open_live(alice)

    await page.send_json_to(message)

    closed = await page.receive_output(timeout=SOON)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4400)


async def test_one_that_cannot_be_sent_to_is_closed(open_live: Open, alice: User) -> None:
    """Told nothing more, the page would wait for ever; closed, it comes back."""
    [web] = await made(alice, "web-1")
    page = await open_live(alice)
    await watch(page, "web-1")

    await tell(web, type="console.stats", usage={"cpu_usage": b"not JSON"})

    closed = await page.receive_output(timeout=SOON)
    assert (closed["type"], closed["code"]) == ("websocket.close", 1011)


async def test_one_that_an_error_ends_leaves_nothing_behind(
    open_live: Open, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made(alice, "web-1")
    page = await open_live(alice)
    await watch(page, "web-1")

    def away(socket: LiveConsumer) -> User:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(LiveConsumer, "signed_in", away)
    await page.send_json_to({"event": "watch", "containers": ["web-1"]})
    with pytest.raises(OperationalError):
        await page.wait(timeout=SOON)

    assert not hub()._viewers
    assert not watchman()._wards


async def watching(*keys: str) -> LiveConsumer:
    """A page that watches these, without its connection."""
    page = LiveConsumer()
    page.scope = {"session": SimpleNamespace(session_key="key"), "user": SimpleNamespace(pk=1)}
    await page._watch({key: key for key in keys})
    return page


@pytest.mark.parametrize("first", ["the right ends", "the page goes"])
async def test_a_page_that_goes_while_a_right_ends_leaves_nothing_behind(first: str) -> None:
    keys = [str(uuid4()) for _ in range(3)]
    page = await watching(*keys)
    ends = [page._wards[keys[0]].end(Forbidden("no more")), page.let_go()]

    async with page._watching:  # the layer takes long for something before that
        tasks: list[asyncio.Future[None]] = []
        for each in ends if first == "the right ends" else reversed(ends):
            tasks.append(asyncio.ensure_future(each))
            await asyncio.sleep(0)
    await asyncio.gather(*tasks)

    assert not hub()._viewers
    assert not watchman()._wards


async def test_nothing_more_is_told_once_a_right_has_ended_however_long_the_layer_takes() -> None:
    ended, other = str(uuid4()), str(uuid4())
    page = await watching(ended, other)

    async with page._watching:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(page._wards[ended].end(Forbidden("no more")), 0.1)
        for key in (ended, other):
            page._glance.note(key)

    assert await page._glance.next() == [{"event": "changed", "containers": [other]}]
    await page.let_go()
    assert not hub()._viewers
    assert not watchman()._wards
