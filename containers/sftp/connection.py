"""One connection: who signs in, and the sessions that they open. There is SFTP, and SCP on top of it; nothing else."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from asyncssh import (
    DISC_BY_APPLICATION,
    DISC_NO_MORE_AUTH_METHODS_AVAILABLE,
    OPEN_RESOURCE_SHORTAGE,
    ChannelOpenError,
    SSHKey,
    SSHReader,
    SSHServer,
    SSHServerChannel,
    SSHServerConnection,
    SSHWriter,
)
from asyncssh.channel import SSHChannel
from asyncssh.stream import SSHServerStreamSession
from django.conf import settings
from django.db import DatabaseError

from containers.sftp import keys, sign_in
from containers.sftp.desk import Desk
from containers.sftp.files import Files
from containers.sftp.visits import Visit
from rules.errors import LightdError, TooMany

if TYPE_CHECKING:
    from containers.sftp.server import Sftp

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 20  # passwords and keys, in one connection; people's agents offer many keys
MOST_SESSIONS = 8  # of one connection
VERSION = 3  # of the protocol: what OpenSSH speaks, and everybody after it
NOTHING_ELSE = "Here is SFTP (and scp), and no program to run: no shell, and no rsync.\r\n"


class Connection(SSHServer):
    """From its first byte to its last."""

    def __init__(self, server: Sftp) -> None:
        self._server = server
        self._attempts = 0
        self._guest: sign_in.Guest | None = None
        self._visit: Visit | None = None
        self._sessions: set[Session] = set()

    def connection_made(self, conn: SSHServerConnection) -> None:
        self._connection = conn
        self.address = str(conn.get_extra_info("peername")[0])
        if self._server.is_full(self.address):
            conn.abort()
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        if self._visit:
            self._server.visits.leave(self._visit)

    def end(self, reason: str) -> None:
        """Hang up, and say why: in one segment with the end of the sessions, after which OpenSSH reads no more."""
        connected = self._connection.get_extra_info("socket")
        if connected is None:  # its client has hung up
            return
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        self._connection.disconnect(DISC_BY_APPLICATION, reason)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)

    # Signing in

    def begin_auth(self, username: str) -> bool:
        """Nobody is let in without."""
        return True

    def password_auth_supported(self) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        return await self._admit(partial(sign_in.by_password, username, password, self.address))

    async def validate_public_key(self, username: str, key: SSHKey) -> bool:
        """Whether it would do: asyncssh then asks for the signature."""
        return await self._admit(partial(sign_in.by_key, username, keys.fingerprint_of(key.public_data), self.address))

    async def _admit(self, check: Callable[[], sign_in.Guest]) -> bool:
        self._attempts += 1
        if self._attempts > MOST_ATTEMPTS:
            self._connection.disconnect(DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "Too many attempts")
            return False
        try:
            self._guest = await self._server.sign_ins.run(check)
        except TooMany as refusal:
            self._connection.send_auth_banner(f"{refusal.sentence}\r\n")
            return False
        except LightdError:
            return False
        except DatabaseError:
            self._connection.send_auth_banner("The database is busy; try again\r\n")
            return False
        return True

    def auth_completed(self) -> None:
        guest = self._guest  # of the last check that was passed; a key's is passed before its signature is looked at
        if guest is None or guest.username != self._connection.get_extra_info("username"):
            raise RuntimeError("somebody was let in as somebody else")
        user = guest.actor.user
        if self._server.visits.of_user(user.pk) >= settings.SFTP_USER_CONNECTIONS:
            self.end(f"You already have {settings.SFTP_USER_CONNECTIONS} connections, which is the most")
            return
        self._visit = Visit(guest, self.end)
        self._server.visits.begin(self._visit)
        fields = {"user": user.username, "container": guest.internal_id, "address": self.address}
        log.info("signed in by sftp", extra={"fields": fields})

    # Sessions

    def session_requested(self) -> Session:
        if self._visit is None or len(self._sessions) >= MOST_SESSIONS:
            raise ChannelOpenError(OPEN_RESOURCE_SHORTAGE, f"At most {MOST_SESSIONS} sessions in one connection")
        session = Session(self._server, self._visit, self._sessions.discard)
        self._sessions.add(session)
        return session


class Session(SSHServerStreamSession[bytes]):
    """One of a connection's: a conversation by SFTP, or a copy by SCP."""

    def __init__(self, server: Sftp, visit: Visit, at_end: Callable[[Session], None]) -> None:
        super().__init__(refuse, self._files, VERSION, allow_scp=True)
        self._server = server
        self._visit = visit
        self._at_end = at_end

    async def _files(self, channel: SSHChannel[bytes]) -> Files:
        desk = await self._server.steps.run(partial(Desk, self._visit))
        files = Files(channel, self._visit, desk, self._server.steps, partial(self.drain, None))
        self._server.open.add(files)
        return files

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._at_end(self)

    def subsystem_requested(self, subsystem: str) -> bool:
        return subsystem == "sftp"


async def refuse(stdin: SSHReader[bytes], stdout: SSHWriter[bytes], stderr: SSHWriter[bytes]) -> None:
    """Whoever asks for a shell, or a program."""
    stderr.write(NOTHING_ELSE.encode())
    cast(SSHServerChannel[bytes], stderr.channel).exit(1)
