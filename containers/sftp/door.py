"""Where SFTP listens. What serves it takes 20 MB, and is loaded when the first client knocks."""

from __future__ import annotations

import asyncio
import logging
import socket

from django.conf import settings

from containers.sftp import host_key

log = logging.getLogger(__name__)

BACKLOG = 100  # connections that wait to be accepted


class Door:
    """One for each host; `run` until it is cancelled, or cannot listen."""

    async def run(self) -> None:
        try:
            listening = listen(settings.SFTP_HOST, settings.SFTP_PORT)
        except OSError as error:
            log.error("SFTP cannot listen on %s:%s: %s", settings.SFTP_HOST, settings.SFTP_PORT, error)
            return
        with listening:
            if host_key.fingerprint() is None:
                await asyncio.to_thread(host_key.prepare)
            await somebody_knocks(listening)
            from containers.sftp.server import Sftp

            await Sftp(listening).run()


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    listening.setblocking(False)
    return listening


async def somebody_knocks(listening: socket.socket) -> None:
    """Until a connection waits to be accepted."""
    loop = asyncio.get_running_loop()
    knocked = asyncio.Event()
    loop.add_reader(listening, knocked.set)
    try:
        await knocked.wait()
    finally:
        loop.remove_reader(listening)
