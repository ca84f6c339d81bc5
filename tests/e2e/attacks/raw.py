"""Requests as no client library would send them."""

import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.server import Lightd


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def error(self) -> str:
        """The contract's sentence, and nothing else."""
        parsed: dict[str, Any] = json.loads(self.body)
        assert list(parsed) == ["error"]
        return str(parsed["error"])


def send(lightd: Lightd, head: bytes, body: Iterable[bytes] = (), timeout: float = 60) -> Answer:
    """Writes until the server no longer takes it, then reads what it says to the end of the connection."""
    with socket.create_connection(("127.0.0.1", lightd.port), timeout=timeout) as connection:
        connection.sendall(head)
        try:
            for piece in body:
                connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it hung up on what it does not want
        return parse(read_all(connection))


def read_all(connection: socket.socket) -> bytes:
    received = bytearray()
    try:
        while piece := connection.recv(1 << 16):
            received += piece
    except ConnectionResetError:
        pass  # what had come before is here
    return bytes(received)


def parse(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    if not head:
        return Answer()
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return Answer(int(first.split(" ")[1]), headers, body)
