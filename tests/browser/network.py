"""A network of the browser's own, in which nothing changes.

Chromium gives up whatever it is loading (`ERR_NETWORK_CHANGED`) when an interface of its host gets or loses an address,
and each container that starts or ends is such an interface. So it lives in a network namespace with nothing but a
loopback, on which the servers' ports are there too: what connects to one is passed on to the host's.
"""

import asyncio
import ctypes
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engine import run

CLONE_NEWNET = 0x40000000  # linux/sched.h


class Network:
    """A network namespace, by the name that ip-netns(8) knows it under."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._ports: set[int] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def reach(self, port: int) -> None:
        """Let the browser reach a port of the host's loopback, under the same number."""
        if port not in self._ports:
            self._ports.add(port)
            asyncio.run_coroutine_threadsafe(self._pass_on(self._listen(port), port), self._loop).result(10)

    def cut(self) -> None:
        """Break all connections, and every one that is made from now on."""
        self._is_cut = True
        self._loop.call_soon_threadsafe(self._break_all)

    def mend(self) -> None:
        self._is_cut = False

    def _break_all(self) -> None:
        for each in self._open:
            each.transport.abort()

    def _listen(self, port: int) -> socket.socket:
        """A socket stays in the namespace of the thread that made it, whoever uses it."""
        made: list[socket.socket] = []

        def listen() -> None:
            libc = ctypes.CDLL(None, use_errno=True)
            with Path(f"/run/netns/{self.name}").open() as namespace:
                if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(socket.create_server(("127.0.0.1", port)))

        thread = threading.Thread(target=listen)
        thread.start()
        thread.join()
        return made[0]

    async def _pass_on(self, listening: socket.socket, port: int) -> None:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self._is_cut:
                writer.transport.abort()
                return
            try:
                there, back = await asyncio.open_connection("127.0.0.1", port)
            except OSError:  # nobody listens: the browser sees its connection end
                writer.close()
                return
            self._open |= {writer, back}
            await asyncio.gather(pump(reader, back), pump(there, writer))
            self._open -= {writer, back}

        await asyncio.start_server(connected, sock=listening)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """All that comes, until it ends or breaks off."""
    try:
        while data := await source.read(64 << 10):
            sink.write(data)
            await sink.drain()
    except OSError:
        sink.transport.abort()  # as it broke off here, so there
    finally:
        sink.close()


@contextmanager
def network() -> Iterator[Network]:
    name = f"lightd-browser-{os.getpid()}"
    run("ip", "netns", "add", name)
    try:
        run("ip", "-n", name, "link", "set", "lo", "up")
        made = Network(name)
        yield made
        made.close()
    finally:
        run("ip", "netns", "delete", name)
