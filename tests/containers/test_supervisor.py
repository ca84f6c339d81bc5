"""The supervisor on a real engine: what goes wrong with one thing holds up and ends no other."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import docker
import pytest
from asgiref.sync import async_to_sync

from accounts import audit
from accounts.models import User
from containers.engine import client
from containers.engine.config import LABEL_CONTAINER, LABEL_INSTANCE
from containers.engine.errors import TookTooLong
from containers.engine.watch import AsyncEngine
from containers.instance import instance_id
from containers.models import Container, Heartbeat, Image
from containers.sockets.groups import INPUT_CHANNEL, WATCH_CHANNEL, layer
from containers.states import State
from containers.supervisor.supervisor import Supervisor
from tests.engine import IMAGE
from tests.people import container_of
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

SOON = 60  # seconds; the engine is shared with servers of other tests

Make = Callable[[UUID, str], str]


@pytest.fixture
def make(engine_here: None, docker_client: docker.APIClient) -> Iterator[Make]:
    """Makes and starts a container of ours in Docker, for this row."""
    instance_id.cache_clear()
    made = []

    def make(container_id: UUID, command: str) -> str:
        labels = {LABEL_INSTANCE: instance_id(), LABEL_CONTAINER: str(container_id)}
        docker_id: str = docker_client.create_container(IMAGE, command, labels=labels)["Id"]
        docker_client.start(docker_id)
        made.append(docker_id)
        return docker_id

    yield make
    for docker_id in made:
        docker_client.remove_container(docker_id, force=True)
    instance_id.cache_clear()


@pytest.fixture
def running(alice: User, make: Make) -> Container:
    """A container that runs, in Docker as well."""
    return started(container_of(alice), make)


@pytest.fixture
def other(alice: User, make: Make) -> Container:
    return started(container_of(alice, "web-2"), make)


def started(container: Container, make: Make) -> Container:
    container.docker_id = make(container.pk, "sleep 300")
    container.state, container.installed, container.should_run = State.RUNNING, True, True
    container.save()
    return container


def let_lie(container: Container) -> None:
    """Its row says that it does not run, and has for a while: no event is to come, the next sweep finds it."""
    long_ago = datetime.fromisoformat("2026-01-01T00:00Z")
    Container.objects.filter(pk=container.pk).update(state=State.READY, updated_at=long_ago)


@contextmanager
def supervised() -> Iterator["Future[None]"]:
    """While a supervisor runs, in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    run = asyncio.run_coroutine_threadsafe(Supervisor().run(), loop)
    try:
        yield run
    finally:
        by_itself = run.done()
        loop.call_soon_threadsafe(cancel_all)
        wait_until(run.done, SOON, "the supervisor has ended")
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        if by_itself:
            run.result()  # the test has to say by what it ended


def cancel_all() -> None:
    for task in asyncio.all_tasks():
        task.cancel()


def last_beat() -> datetime | None:
    return Heartbeat.objects.filter(pk="supervisor", detail__engine="ok").values_list("beat_at", flat=True).first()


def state(container: Container) -> str:
    return str(Container.objects.values_list("state", flat=True).get(pk=container.pk))


@contextmanager
def supervised_while_it_hangs(monkeypatch: pytest.MonkeyPatch, call: str) -> Iterator[None]:
    """While a supervisor waits for this call of the engine's to be answered."""
    asked, over = threading.Event(), threading.Event()

    def too_long(docker_id: str) -> None:
        asked.set()
        over.wait(10 * SOON)
        raise TookTooLong("Docker engine unreachable")

    monkeypatch.setattr(client, call, too_long)
    with supervised():
        try:
            assert asked.wait(SOON)
            yield
        finally:
            over.set()


def assert_events_are_seen_and_said(running: Container, docker_client: docker.APIClient) -> None:
    beat = last_beat()

    docker_client.kill(running.docker_id)

    wait_until(lambda: state(running) == State.READY, SOON, "its end is seen")
    wait_until(lambda: last_beat() != beat, SOON, "the supervisor says that it lives")


def test_a_removal_that_takes_the_engine_too_long_holds_up_nothing_else(
    running: Container, other: Container, make: Make, docker_client: docker.APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(uuid4(), "sleep 300")  # what no row points to

    with supervised_while_it_hangs(monkeypatch, "remove_with_volumes"):
        assert_events_are_seen_and_said(running, docker_client)
        let_lie(other)
        wait_until(lambda: state(other) == State.RUNNING, SOON, "a sweep has found it running")


def test_an_answer_that_takes_the_engine_too_long_holds_up_no_event(
    running: Container, other: Container, docker_client: docker.APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_lie(other)

    with supervised_while_it_hangs(monkeypatch, "inspect"):
        assert_events_are_seen_and_said(running, docker_client)


def test_what_takes_long_to_forget_holds_up_nothing(
    running: Container, docker_client: docker.APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, over = threading.Event(), threading.Event()

    def much(now: datetime) -> None:
        begun.set()
        over.wait(10 * SOON)

    monkeypatch.setattr(audit, "forget", much)
    with supervised():
        try:
            assert begun.wait(SOON)
            assert_events_are_seen_and_said(running, docker_client)
        finally:
            over.set()


@pytest.mark.parametrize("stream", ["happenings", "image_changes"])
def test_what_breaks_a_stream_of_events_ends_nothing(
    running: Container, docker_client: docker.APIClient, monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    break_once(monkeypatch, stream)
    with supervised() as run:
        wait_until(lambda: last_beat() and Image.objects.exists(), SOON, "it watches")

        docker_client.kill(running.docker_id)

        wait_until(lambda: state(running) == State.READY, SOON, "its end is seen")
        assert not run.done()


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        (WATCH_CHANNEL, {"container_ids": ["nobody's"], "newly": []}),
        (INPUT_CHANNEL, {"container_id": "nobody's", "viewer": "", "data": "say hello"}),
    ],
)
def test_a_message_that_it_cannot_read_ends_nothing(
    running: Container, docker_client: docker.APIClient, channel: str, message: dict[str, Any]
) -> None:
    async_to_sync(layer().send)(channel, {"type": "anything", **message})
    with supervised() as run:
        wait_until(last_beat, SOON, "it watches")

        docker_client.kill(running.docker_id)

        wait_until(lambda: state(running) == State.READY, SOON, "its end is seen")
        assert not run.done()


def break_once(monkeypatch: pytest.MonkeyPatch, stream: str) -> None:
    """The first time that it is followed, it ends in a way that nobody has thought of."""
    follow: Any = getattr(AsyncEngine, stream)
    broken: list[bool] = []

    async def following(engine: AsyncEngine) -> AsyncIterator[Any]:
        if not broken:
            broken.append(True)
            raise RuntimeError("nobody has thought of this")
        async for one in follow(engine):
            yield one

    monkeypatch.setattr(AsyncEngine, stream, following)
