"""A real image registry for the tests, on a loopback port, and a slow line in front of it."""

import io
import os
import socket
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import docker
import httpx
import pytest

from tests.engine import tied_to_us
from tests.free_ports import free_port, give_back
from tests.waiting import wait_until

SIZE = 12_000_000  # bytes of an image; random, so the registry's gzip leaves them as many
RATE = 4_000_000  # bytes a second

CONFIG = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


class Registry:
    """Debian's docker-registry. Docker speaks plain HTTP to it, as it does to all of 127.0.0.0/8."""

    def __init__(self, folder: Path) -> None:
        self.port = port = free_port()
        config = folder / "registry.yml"
        config.write_text(CONFIG.format(folder=folder / "images", port=port))
        self._log = (folder / "registry.log").open("wb")
        self._process = subprocess.Popen(
            tied_to_us("docker-registry", "serve", str(config)), stdout=self._log, stderr=self._log
        )
        wait_until(self._answers, 60, "the registry answers")

    def _answers(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{self.port}/v2/", timeout=5).status_code == 200
        return False

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._log.close()
        give_back([self.port])


class SlowLine:
    """A TCP relay that carries so many bytes a second towards the client."""

    def __init__(self, target: int, rate: int) -> None:
        self.rate = rate
        self.carried = 0  # bytes, towards the client
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while self._open:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._carry, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, client, True), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, slowly: bool) -> None:
        with suppress(OSError), source, target:
            while self._open and (data := source.recv(64 << 10)):
                target.sendall(data)
                if slowly:
                    self.carried += len(data)
                    time.sleep(len(data) / self.rate)

    def stands_still(self) -> bool:
        """For a second, nothing was carried."""
        before = self.carried
        time.sleep(1)
        return self.carried == before

    def close(self) -> None:
        self._open = False
        self._listener.close()


def push_noise(client: docker.APIClient, port: int) -> str:
    """Put an image of noise into the registry at `port`, and nowhere else; returns its name."""
    repository = f"127.0.0.1:{port}/{os.urandom(4).hex()}/slow"
    client.import_image_from_data(layer(), repository=repository, tag="1")
    for message in client.push(repository, tag="1", stream=True, decode=True):
        assert "error" not in message, message
    client.remove_image(f"{repository}:1")
    return f"{repository}:1"


def layer() -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo("noise")
        entry.size = SIZE
        tar.addfile(entry, io.BytesIO(os.urandom(SIZE)))
    return archive.getvalue()


def push_behind(line: SlowLine, client: docker.APIClient, registry: Registry) -> str:
    """An image that is in the registry alone; its name goes through the slow line."""
    return push_noise(client, registry.port).replace(f":{registry.port}/", f":{line.port}/")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    registry = Registry(tmp_path_factory.mktemp("registry"))
    yield registry
    registry.close()


@pytest.fixture
def slow_line(registry: Registry) -> Iterator[SlowLine]:
    """To the registry; a test may change its rate."""
    line = SlowLine(registry.port, RATE)
    yield line
    line.close()


@pytest.fixture
def slow_image(slow_line: SlowLine, registry: Registry, docker_client: docker.APIClient) -> str:
    """An image that is in the registry alone; its name goes through the slow line."""
    return push_behind(slow_line, docker_client, registry)
