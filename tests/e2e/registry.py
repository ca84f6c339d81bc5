"""A real image registry for the tests, on a loopback port that a slow line can be put in front of."""

import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx

from tests.engine import tied_to_us
from tests.waiting import wait_until

CONFIG = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


class Registry:
    """Debian's docker-registry. Docker speaks plain HTTP to it, as it does to all of 127.0.0.0/8."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        config = folder / "registry.yml"
        config.write_text(CONFIG.format(folder=folder / "images", port=port))
        self._log = (folder / "registry.log").open("wb")
        self._process = subprocess.Popen(
            tied_to_us("docker-registry", "serve", str(config)), stdout=self._log, stderr=self._log
        )
        wait_until(self._answers, 20, "the registry answers")

    def _answers(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{self.port}/v2/", timeout=5).status_code == 200
        return False

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._log.close()


class SlowLine:
    """A TCP relay that carries so many bytes a second towards the client."""

    def __init__(self, target: int, rate: int) -> None:
        self._target = target
        self._rate = rate
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
            threading.Thread(target=self._carry, args=(client, server, 0), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, client, self._rate), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, rate: int) -> None:
        with suppress(OSError), source, target:
            while self._open and (data := source.recv(64 << 10)):
                target.sendall(data)
                if rate:
                    time.sleep(len(data) / rate)

    def close(self) -> None:
        self._open = False
        self._listener.close()
