"""The dashboard's own socket, `/live`: which of the containers on a page changed, and what they use; and whether the
Docker engine answers, which every page shows.

It says only *that* a container changed: the page asks for the part that shows it, so what is shown is always what the
database says, by the one template that says it.

Browser → server: `{"event": "watch", "containers": ["my-server-001", …], "age": 0.8}`, in the place of what was watched
before. `age`, optional: for how many seconds the page may show things as they were; what changed since then is told.
Server → browser: `{"event": "changed", "containers": […]}` · `{"event": "stats", "containers": {id: figures}}` ·
`{"event": "engine", "away_since": null}`, first of all and whenever it changes: since when it does not answer, in Unix
seconds.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.exceptions import DenyConnection
from django.utils import timezone

from accounts.actor import Actor, Via
from accounts.permissions import Permission
from containers import access
from containers.models import Event
from containers.sockets.engine import engine_watch
from containers.sockets.groups import EventMessage, OutputMessage, RefusalMessage, StatsMessage
from containers.sockets.hub import hub
from containers.sockets.origin import Origin
from containers.sockets.places import places
from containers.sockets.socket import Socket, parse
from containers.sockets.watchman import Ward, watchman
from rules.errors import Forbidden, Invalid, LightdError

MOST_WATCHED = 250  # containers on one page
OLDEST = 3600.0  # seconds; older pages have heard of everything since
PACE = 0.1  # seconds: what changes meanwhile is told together


class Glance:
    """What changed of some containers since it was last told. It never grows: a change is a change, however often."""

    def __init__(self) -> None:
        self.since = timezone.now()
        self.names: dict[str, str] = {}  # key to internal_id, of those watched
        self._changed: set[str] = set()
        self._stats: dict[str, dict[str, Any]] = {}
        self._engine: dict[str, Any] | None = None  # as it was told last
        self._engine_told = True
        self._news = asyncio.Event()

    def offer_output(self, message: OutputMessage) -> None:
        """What is printed is for the console's own socket."""

    def offer_refusal(self, message: RefusalMessage) -> None:
        """So is what is typed."""

    def offer_event(self, message: EventMessage) -> None:
        self.note(message["container_id"])

    def offer_stats(self, message: StatsMessage) -> None:
        if message["container_id"] in self.names:
            self._stats[self.names[message["container_id"]]] = message["usage"]
            self._news.set()

    def offer_engine(self, away_since: datetime | None) -> None:
        engine = {"event": "engine", "away_since": int(away_since.timestamp()) if away_since else None}
        if engine != self._engine:
            self._engine, self._engine_told = engine, False
            self._news.set()

    def offer_replay(self) -> None:
        """Something may have been lost on the way: anything may have changed."""
        for key in self.names:
            self.note(key)

    def note(self, key: str) -> None:
        """The container changed."""
        if key in self.names:
            self._changed.add(self.names[key])
            self._news.set()

    async def next(self) -> list[dict[str, Any]]:
        """The next messages to send."""
        await self._news.wait()
        await asyncio.sleep(PACE)
        self._news.clear()
        changed, self._changed = self._changed, set()
        stats, self._stats = self._stats, {}
        messages: list[dict[str, Any]] = []
        if self._engine and not self._engine_told:
            self._engine_told = True
            messages.append(self._engine)
        if changed:
            messages.append({"event": "changed", "containers": sorted(changed)})
        if stats:
            messages.append({"event": "stats", "containers": stats})
        return messages


class LiveConsumer(Socket):
    """One page of the dashboard, in a browser that is signed in: there are no tokens here."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)  # type: ignore[no-untyped-call]
        self._glance = Glance()
        self._watching = asyncio.Lock()
        self._wards: dict[str, Ward] = {}  # by the container's key
        self._joined: set[str] = set()  # the keys that the hub was asked for
        self._sender: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        if self.origin() is Origin.FOREIGN:
            raise DenyConnection
        await self.accept()  # type: ignore[no-untyped-call]
        try:
            async with places().at_the_door(self.address()):
                user = await database_sync_to_async(self.signed_in)()
            self._give_back = places().take(user.pk)
        except LightdError as error:
            await self.end(error)
            return
        self._sender = asyncio.create_task(self.send_or_end(self._send_all))
        engine_watch().join(self._glance)

    async def let_go(self) -> None:
        if self._sender:
            self._sender.cancel()
        engine_watch().leave(self._glance)
        await self._watch({})

    async def _send_all(self) -> None:
        while True:
            for message in await self._glance.next():
                await self.send(text_data=json.dumps(message))  # type: ignore[no-untyped-call]

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self._sender is None:
            return
        try:
            message = parse(text_data)
            wanted, age = names_to_watch(message), age_of(message)
            user = await database_sync_to_async(self.signed_in)()  # anew: what they may see may have changed
        except LightdError as error:
            await self.end(error)
            return
        names = await database_sync_to_async(keys_of)(Actor(user, via=Via.SOCKET, address=self.address()), wanted)
        new = names.keys() - self._glance.names.keys()
        await self._watch(names)
        for key in await database_sync_to_async(changed_within)(new, age):
            self._glance.note(key)

    async def _watch(self, names: dict[str, str]) -> None:
        """Hear of exactly these containers from now on."""
        # Nothing is waited for until all of this is done: nobody goes by what another has changed meanwhile, and who is
        # cut off later knows what there is to end.
        gone, new = self._wards.keys() - names.keys(), names.keys() - self._wards.keys()
        self._glance.names = names
        for key in gone:
            watchman().dismiss(self._wards.pop(key))
        for key in new:
            self._wards[key] = self._ward(key)
            watchman().watch(self._wards[key])
        async with self._watching:
            gone, new = self._joined - self._wards.keys(), new & self._wards.keys()
            self._joined = self._joined - gone | new
            await hub().leave(gone, self._glance)
            if new:
                await hub().join(new, self._glance)

    def _ward(self, key: str) -> Ward:
        """What ends it for one container: for all, if the browser is signed out."""

        async def end(why: LightdError) -> None:
            if isinstance(why, Forbidden):
                await self._watch({one: name for one, name in self._glance.names.items() if one != key})
            else:
                await self.end(why)

        return Ward(
            self.scope["session"].session_key,
            access.Claim(self.scope["user"].pk, UUID(key), Permission.VIEW),
            end,
        )


def names_to_watch(message: dict[str, Any]) -> Collection[str]:
    """The containers that a message asks for."""
    match message:
        case {"event": "watch", "containers": list(names)} if all(isinstance(name, str) for name in names):
            if len(names) > MOST_WATCHED:
                raise Invalid(f"At most {MOST_WATCHED} containers can be watched")
            return names
    raise Invalid("watch takes a list of containers")


def age_of(message: dict[str, Any]) -> float:
    """Seconds since what the page shows was true, as far as it knows."""
    age = message.get("age", 0)
    if isinstance(age, bool) or not isinstance(age, int | float) or not age >= 0:
        raise Invalid("age is a number of seconds")
    return min(age, OLDEST)


def changed_within(keys: Collection[str], age: float) -> list[str]:
    """Those of the containers to which something happened in so many seconds."""
    if not keys or not age:
        return []
    since = timezone.now() - timedelta(seconds=age)
    lately = Event.objects.filter(created_at__gte=since, container__in=[UUID(key) for key in keys])
    return [str(key) for key in lately.order_by().values_list("container", flat=True).distinct()]


def keys_of(actor: Actor, names: Collection[str]) -> dict[str, str]:
    """Those of them that the actor sees: key to name."""
    rows = access.visible(actor).filter(internal_id__in=[name for name in names if "\x00" not in name])
    return {str(key): name for key, name in rows.values_list("pk", "internal_id")}
