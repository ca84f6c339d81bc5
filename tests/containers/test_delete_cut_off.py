"""A delete that the engine leaves in the middle: begun, it goes on by itself; not begun, all is as before."""

import re
import socket
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import docker
import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditEntry, User
from containers import lifecycle, reconcile
from containers.backoff import Backoff
from containers.engine import client, config
from containers.instance import instance_id
from containers.models import Container, Event
from containers.states import State
from ports import pool
from ports.models import Port
from ports.pool import PortRequest
from rules.errors import EngineUnavailable, Unavailable
from tests.engine import IMAGE
from tests.people import actor, container_of

pytestmark = [pytest.mark.django_db, pytest.mark.engine]

LOOK_UP = re.compile(rb"GET \S+/containers/\w{64}/json ")
REMOVE = re.compile(rb"DELETE \S+/containers/")


class Line:
    """To the engine, through us. It breaks when the engine has done what was asked, and before it can say so."""

    def __init__(self, engine_url: str, path: Path) -> None:
        self.url = f"unix://{path}"
        self._engine = engine_url
        self._breaks_at: re.Pattern[bytes] | None = None
        self._holds = 0
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def breaks_at(self, request: re.Pattern[bytes] | None, *, after: int = 0) -> None:
        """At the first such request after so many that are answered; None: it is mended."""
        self._breaks_at, self._holds = request, after

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(ours,), daemon=True).start()

    def _serve(self, ours: socket.socket) -> None:
        broken = threading.Event()
        with ours, connected(self._engine) as theirs:
            threading.Thread(target=hand_on_answers, args=(theirs, ours, broken), daemon=True).start()
            while request := ours.recv(1 << 16):
                if self._is_to_break(request):
                    broken.set()
                theirs.sendall(request)
            theirs.shutdown(socket.SHUT_RDWR)

    def _is_to_break(self, request: bytes) -> bool:
        if self._breaks_at is None or not self._breaks_at.match(request):
            return False
        self._holds -= 1
        return self._holds < 0


def hand_on_answers(theirs: socket.socket, ours: socket.socket, broken: threading.Event) -> None:
    while answer := theirs.recv(1 << 16):
        if broken.is_set():
            ours.shutdown(socket.SHUT_RDWR)
            return
        ours.sendall(answer)


def connected(url: str) -> socket.socket:
    scheme, _, place = url.partition("://")
    if scheme != "unix":
        host, _, port = place.partition(":")
        return socket.create_connection((host, int(port)))
    one = socket.socket(socket.AF_UNIX)
    one.connect(place)
    return one


@pytest.fixture
def line(settings: Settings, engine_url: str, tmp_path: Path) -> Iterator[Line]:
    line = Line(engine_url, tmp_path / "line.sock")
    settings.STORAGE_ROOT, settings.ENGINE_URL = tmp_path, line.url
    client._client.cache_clear()
    yield line
    client._client.cache_clear()
    line.close()


@pytest.fixture
def container(alice: User, line: Line, docker_client: docker.APIClient) -> Iterator[Container]:
    """With two of Docker's, as in the middle of a rebind."""
    one = container_of(alice)
    pool.add("0.0.0.0", 25565, "tcp")
    pool.take(one, [PortRequest(host_port=25565)])
    made = [
        docker_client.create_container(IMAGE, ["true"], labels=config.labels(one, instance_id(), uuid.uuid4()))["Id"]
        for _ in range(2)
    ]
    long_ago = timezone.now() - timedelta(minutes=1)
    Container.objects.update(state=State.READY, installed=True, docker_id=made[0], updated_at=long_ago)
    yield Container.objects.get()
    for docker_id in set(made) & set(in_docker(docker_client)):
        docker_client.remove_container(docker_id, force=True)


def in_docker(docker_client: docker.APIClient) -> list[str]:
    labels = [f"{config.LABEL_INSTANCE}={instance_id()}"]
    return [row["Id"] for row in docker_client.containers(all=True, filters={"label": labels})]


def outcomes() -> list[str]:
    return list(AuditEntry.objects.filter(action="container.delete").values_list("outcome", flat=True))


def test_all_is_as_before_if_nothing_was_begun(
    container: Container, alice: User, line: Line, docker_client: docker.APIClient
) -> None:
    line.breaks_at(LOOK_UP, after=1)

    with pytest.raises(EngineUnavailable, match=r"^Docker engine unreachable$"):
        lifecycle.delete(actor(alice), "web-1")

    assert len(in_docker(docker_client)) == 2
    assert Container.objects.get().deleting_at is None
    assert outcomes() == ["refused"]


@pytest.mark.parametrize("answered", [0, 1])
def test_what_was_begun_goes_on_by_itself(
    container: Container, alice: User, line: Line, docker_client: docker.APIClient, answered: int
) -> None:
    line.breaks_at(REMOVE, after=answered)

    with pytest.raises(Unavailable, match=r"^Docker engine unreachable; the deletion goes on by itself$"):
        lifecycle.delete(actor(alice), "web-1")

    assert len(in_docker(docker_client)) == 1 - answered
    assert outcomes() == ["refused"]
    line.breaks_at(None)
    reconcile.reconcile({})
    row = Container.objects.get()
    assert (row.state, row.error) == (State.READY, ""), "nobody else has removed it"

    Container.objects.update(deleting_at=timezone.now() - reconcile.DELETE_ABANDONED_AFTER - timedelta(seconds=1))
    reconcile.complete_deletes(Backoff())

    assert not Container.objects.exists()
    assert not in_docker(docker_client)
    assert Port.objects.free().exists()
    assert Event.objects.filter(kind=Event.Kind.DELETED).exists()


def test_a_second_request_that_begins_nothing_leaves_it_so(container: Container, alice: User, line: Line) -> None:
    line.breaks_at(REMOVE)
    with pytest.raises(Unavailable):
        lifecycle.delete(actor(alice), "web-1")
    begun = Container.objects.get().deleting_at
    line.breaks_at(LOOK_UP)

    with pytest.raises(EngineUnavailable):
        lifecycle.delete(actor(alice), "web-1")

    assert begun is not None
    assert Container.objects.get().deleting_at == begun


def test_a_second_request_ends_it(container: Container, alice: User, line: Line) -> None:
    line.breaks_at(REMOVE)
    with pytest.raises(Unavailable):
        lifecycle.delete(actor(alice), "web-1")
    line.breaks_at(None)

    lifecycle.delete(actor(alice), "web-1")

    assert not Container.objects.exists()
    assert outcomes() == ["accepted", "refused"]  # the newest first
