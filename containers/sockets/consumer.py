"""The console socket, `/ws/{internal_id}`: the contract's section 3."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, cast
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.exceptions import ChannelFull, DenyConnection

from accounts import tokens
from accounts.actor import Actor, Via
from accounts.models import ApiToken
from accounts.permissions import Permission
from containers import access, states
from containers.lifecycle import POWER
from containers.models import Container
from containers.sockets import history
from containers.sockets.groups import INPUT_CHANNEL, InputMessage, layer
from containers.sockets.hub import hub
from containers.sockets.origin import Origin
from containers.sockets.places import places
from containers.sockets.socket import Socket, parse
from containers.sockets.viewer import Inward, Viewer
from containers.sockets.watchman import Ward, watchman
from rules import request_id, subject
from rules.asgi import token_of
from rules.errors import Conflict, Invalid, LightdError, NotFound, TooMany, Unavailable
from rules.outages import REDIS_AWAY

log = logging.getLogger(__name__)

MAX_LINE = 16 << 10  # characters; a terminal's own line holds 4096
POWER_RATE = 5  # power actions of a connection in a second

_power_threads = ThreadPoolExecutor(4, "power")


class ConsoleConsumer(Socket):
    """One viewer of one container."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)  # type: ignore[no-untyped-call]
        self._viewer = Viewer()
        self._sender: asyncio.Task[None] | None = None
        self._ward: Ward | None = None
        self._container: Container | None = None
        self._switched: deque[float] = deque(maxlen=POWER_RATE)

    async def connect(self) -> None:
        if self.origin() is Origin.FOREIGN and not await self._is_for_the_page():
            raise DenyConnection
        request_id.use(request_id.accept(self.header("x-request-id")))
        await self.accept()  # type: ignore[no-untyped-call]
        try:
            await self._admit()
        except LightdError as error:
            await self.end(error)

    async def _admit(self) -> None:
        internal_id = self.scope["url_route"]["kwargs"]["internal_id"]
        if "\x00" in internal_id:  # PostgreSQL would not even look for it
            raise NotFound("Container not found")
        subject.is_container(internal_id)
        async with places().at_the_door(self.address()):
            self._actor = await database_sync_to_async(self._authenticate)()
            if self._actor.token:
                self.note_good_token()
            container = await database_sync_to_async(access.find)(self._actor, internal_id, Permission.CONSOLE_READ)
        self._since = self._since_seq()
        self._give_back = places().take(self._actor.user.pk, container.pk)
        self._container = container
        await hub().join([str(container.id)], self._viewer)
        # What was printed before is not sent unasked; what comes after is, even if it has to be read from the disk.
        end = await asyncio.to_thread(history.end, container.directory)
        self._viewer.skip_to(end if self._since is None else min(self._since, end))
        token = self._actor.token
        right = token.pk if token else self.scope["session"].session_key
        user = self._actor.user
        claim = access.Claim(user.pk, container.pk, Permission.CONSOLE_READ, user.is_superuser)
        self._ward = Ward(right, claim, self.end)
        watchman().watch(self._ward)
        self._sender = asyncio.create_task(self.send_or_end(partial(self._send_all, container)))

    def _authenticate(self) -> Actor:
        """Who connects: a token in the address or the header, else the dashboard's session."""
        address = self.address()
        secret = token_of(self.scope)
        if secret:
            token = tokens.authenticate(secret, (ApiToken.Purpose.API, ApiToken.Purpose.CONSOLE), address)
            return Actor(user=token.owner, token=token, via=Via.SOCKET, address=address)
        return Actor(user=self.signed_in(), via=Via.SOCKET, address=address)

    async def _is_for_the_page(self) -> bool:
        """Whether a foreign page connects with a token that was made for it."""
        opens: bool = await database_sync_to_async(tokens.opens_from)(token_of(self.scope), self.header("origin"))
        return opens

    def _since_seq(self) -> int | None:
        given = parse_qs(self.scope["query_string"].decode("latin-1")).get("since_seq")
        if given is None:
            return None
        if not (given[0].isascii() and given[0].isdigit() and len(given[0]) < 19):
            raise Invalid("since_seq is not a cursor")
        return int(given[0])

    async def let_go(self) -> None:
        if self._sender:
            self._sender.cancel()
        if self._ward:
            watchman().dismiss(self._ward)
        if self._container:
            await hub().leave([str(self._container.id)], self._viewer)

    # --- To the viewer ----------------------------------------------------------

    async def _send_all(self, container: Container) -> None:
        if self._since is not None:
            await self._replay(container, self._since)
        while True:
            message = await self._viewer.next()
            if message["event"] == Inward.REPLAY:
                await self._replay(container, message["since"])
                self._viewer.skip_to(message["to"])
            else:
                await self._send(message)

    async def _replay(self, container: Container, since: int) -> None:
        """What came after `since`; what is live meanwhile waits in the queue, and comes after it."""
        pieces = history.replay(container.directory, since)
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            data, seq = piece
            self._viewer.skip_to(seq)
            await self._send({"event": "console", "data": data, "seq": seq})

    async def _send(self, message: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(message, ensure_ascii=False))  # type: ignore[no-untyped-call]

    # --- From the viewer --------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self._container is None:
            return
        try:
            await self._obey(self._container, parse(text_data))
        except LightdError as error:
            self._viewer.offer({"event": "daemon_message", "data": f"Error: {error.sentence}"})
        except Exception:
            log.exception("a socket message failed")
            self._viewer.offer({"event": "daemon_message", "data": "Error: internal error"})

    async def _obey(self, container: Container, message: dict[str, Any]) -> None:
        match message:
            case {"event": "send_command", "command": str(command)}:
                await self._type(container, command)
            case {"event": "power", "action": str(action)} if action in POWER:
                await self._switch(container, action)
            case {"event": "power"}:
                raise Invalid(f"power takes an action of {', '.join(POWER)}")
            case {"event": "request_logs"}:
                await self._show_logs(container, message)
            case {"event": "send_command"}:
                raise Invalid("send_command takes a command, which is text")
            case _:
                raise Invalid("Unknown event; known are send_command, power, request_logs")

    async def _switch(self, container: Container, action: str) -> None:
        """Not in the thread in which all else is decided: an engine that hangs is waited for."""
        self._refuse_flood()
        switch = database_sync_to_async(POWER[action], thread_sensitive=False, executor=_power_threads)
        await switch(self._actor, container.internal_id)

    def _refuse_flood(self) -> None:
        """Each leaves an entry in the audit trail, also one that is refused there."""
        now = time.monotonic()
        if len(self._switched) == POWER_RATE and now - self._switched[0] < 1:
            raise TooMany(f"At most {POWER_RATE} power actions a second; try again in a second", 1)
        self._switched.append(now)

    async def _type(self, container: Container, command: str) -> None:
        if len(command) > MAX_LINE:
            raise Invalid(f"A command has at most {MAX_LINE} characters")
        found = await database_sync_to_async(access.find)(self._actor, container.internal_id, Permission.CONSOLE_WRITE)
        # In the pause before a restart the terminal is there already: the next process would read it.
        if found.state not in states.WITH_PROCESS or found.restart_at is not None:
            raise Conflict("The container is not running")
        message = InputMessage(
            type="console.input", container_id=str(container.id), viewer=self._viewer.name, data=command
        )
        try:
            await layer().send(INPUT_CHANNEL, cast(dict[str, Any], message))
        except ChannelFull:
            raise Conflict("Too many commands are waiting; try again") from None
        except REDIS_AWAY:
            raise Unavailable("The command could not be sent; try again") from None

    async def _show_logs(self, container: Container, message: dict[str, Any]) -> None:
        lines = whole_number(message, "tail", history.DEFAULT_TAIL)
        since = whole_number(message, "since_seq", -1)
        if since >= 0:
            text, seq = await asyncio.to_thread(history.since_seq, container.directory, since)
        else:
            text, seq = await asyncio.to_thread(history.tail, container.directory, lines)
        self._viewer.offer({"event": "logs", "data": text, "seq": seq})


def whole_number(message: dict[str, Any], field: str, default: int) -> int:
    """A field that counts something."""
    value = message.get(field, default)
    if isinstance(value, bool) or not isinstance(value, int) or (field in message and value < 0):
        raise Invalid(f"{field} is a whole number, not negative")
    return value
