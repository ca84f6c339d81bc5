"""The SFTP server: how it speaks, and what there may be of everything."""

from __future__ import annotations

import asyncio
import logging
import socket
import weakref
from typing import cast

import asyncssh
from asyncssh import sftp
from django.conf import settings

from containers.sftp import host_key
from containers.sftp.connection import Connection
from containers.sftp.files import Files
from containers.sftp.threads import Threads
from containers.sftp.visits import Visits

MOST_CONNECTIONS = 500  # of everybody together
STEPS_AT_ONCE = 8
# Argon2 takes 100 MB for each.
SIGN_INS_AT_ONCE = 1
LOGIN_TIMEOUT = 30  # seconds from the connection to being let in
ALIVE_EVERY, ALIVE_MISSED = 60, 3  # seconds between asking a silent client whether it lives, and answers missed
GRACE = 3.0  # seconds that connections may take to end

# Bytes of one read or write, as OpenSSH's own server has it. asyncssh would take, and hold, sixteen times as much for
# each session.
LARGEST_STEP = 255 << 10
LARGEST_PACKET = 256 << 10

# Without what asyncssh has for clients of the last century, and without ChaCha20: in Python AES is quicker.
CIPHERS = ("aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr")
MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")


class Handler(sftp.SFTPServerHandler):
    """asyncssh's, which ends with nothing closed, should one of the files that it closes then be refused."""

    async def _cleanup(self, exc: Exception | None) -> None:
        if self._server:
            cast(Files, self._server).has_left = True
        await super()._cleanup(exc)


def configure_asyncssh() -> None:
    """What it has no options for."""
    asyncssh.set_log_level(logging.WARNING)  # otherwise a line for each step
    # Where it looks for them.
    vars(sftp).update(
        MAX_SFTP_PACKET_LEN=LARGEST_PACKET,
        MAX_SFTP_READ_LEN=LARGEST_STEP,
        MAX_SFTP_WRITE_LEN=LARGEST_STEP,
        SFTPServerHandler=Handler,
    )
    # It would look for the holes of a file itself, in the event loop.
    Handler._extensions = [each for each in Handler._extensions if each[0] != b"ranges@asyncssh.com"]


class Sftp:
    """One for each host, on a socket that listens; `run` until it is cancelled."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self.connections: set[Connection] = set()
        self.visits = Visits()
        self.open: weakref.WeakSet[Files] = weakref.WeakSet()
        self.steps = Threads(STEPS_AT_ONCE, "steps")
        self.sign_ins = Threads(SIGN_INS_AT_ONCE, "sign-ins")

    async def run(self) -> None:
        configure_asyncssh()
        listener = await self._listen()
        try:
            await self.visits.watch()
        finally:
            listener.close()
            await self._end()

    def is_full(self, address: str) -> bool:
        """Whether one more connection from there is too many."""
        of_address = sum(connection.address == address for connection in self.connections)
        return len(self.connections) >= MOST_CONNECTIONS or of_address >= settings.SFTP_ADDRESS_CONNECTIONS

    async def _listen(self) -> asyncssh.SSHAcceptor:
        key = await asyncio.to_thread(host_key.prepare)
        return await asyncssh.create_server(
            lambda: Connection(self),
            sock=self._listening,
            server_host_keys=[str(key)],
            server_version="lightd",
            config=None,  # no file of the host's says anything here
            encoding=None,
            encryption_algs=CIPHERS,
            mac_algs=MACS,
            compression_algs=None,  # a small packet would become a large one
            kbdint_auth=False,
            host_based_auth=False,
            gss_host=None,
            allow_pty=False,
            line_editor=False,
            agent_forwarding=False,
            login_timeout=LOGIN_TIMEOUT,
            keepalive_interval=ALIVE_EVERY,
            keepalive_count_max=ALIVE_MISSED,
        )

    async def _end(self) -> None:
        """Hang up on everybody; what they have written is recorded."""
        for connection in list(self.connections):
            connection.end("The server is ending")
        if leaving := [asyncio.create_task(files.gone.wait()) for files in self.open]:
            await asyncio.wait(leaving, timeout=GRACE)
        self.steps.close()
        self.sign_ins.close()
