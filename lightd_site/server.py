"""Web and supervisor, in one event loop; and what other parts run in one alone."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Collection, Coroutine
from typing import Any, cast

from django.conf import settings

from lightd_site.restarts import Pause

log = logging.getLogger(__name__)

Part = Callable[[], Coroutine[Any, Any, None]]

PARTS = frozenset({"web", "supervisor"})
BACKLOG = 1024  # connections that wait to be accepted; Twisted's 50 are less than a crowd that comes back at once
CANNOT_SERVE = 78  # EX_CONFIG of sysexits.h, our status when nothing but an administrator can help


def serve(parts: Collection[str]) -> None:
    """Be one of them, or both, until SIGTERM or Ctrl-C."""
    if "web" not in parts:
        serve_alone(watch)
    else:
        serve_web([watch] if "supervisor" in parts else [])


async def watch() -> None:
    """Be the supervisor, for ever."""
    from containers.supervisor.supervisor import Supervisor  # a web alone does without all that it needs

    await run_for_ever("the supervisor", Supervisor)


def serve_web(beside: list[Part]) -> None:
    """Daphne, on Twisted's view of our event loop, with other parts beside it."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    from twisted.internet import asyncioreactor

    asyncioreactor.install(loop)
    # These may only be imported when the reactor is chosen.
    from daphne.endpoints import build_endpoint_description_strings
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred

    from lightd_site.asgi import application
    from lightd_site.web import MAX_MESSAGE, WaitingServer

    tasks: list[asyncio.Task[None]] = []

    async def end() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def begin() -> None:
        tasks.extend(loop.create_task(work()) for work in beside)

    server: Any = WaitingServer(  # type: ignore[no-untyped-call]
        application=application,
        endpoints=[
            f"{endpoint}:backlog={BACKLOG}"
            for endpoint in build_endpoint_description_strings(host=settings.HOST, port=settings.PORT)
        ],
        ready_callable=begin,
        server_name="lightd",
        verbosity=0,
        websocket_handshake_timeout=20,  # seconds, for a crowd that comes at once
        websocket_max_message_size=MAX_MESSAGE,
        websocket_max_frame_size=MAX_MESSAGE,
    )

    system = cast(Any, reactor)  # a module that the reactor replaces: no type says what it has
    system.addSystemEventTrigger(
        "before", "shutdown", lambda: Deferred.fromFuture(asyncio.ensure_future(end(), loop=loop))
    )
    server.run()
    if not server.listening_addresses:
        address = f"{settings.HOST}:{settings.PORT}"
        sys.stderr.write(f"lightd: cannot listen on {address}; is something else using the port?\n")
        sys.exit(CANNOT_SERVE)


async def run_for_ever(name: str, make: Any) -> None:
    """Run one part; should it ever fail, say so and run it again."""
    pause = Pause()
    while True:
        pause.began()
        try:
            await make().run()
        except Exception:
            log.exception("%s failed, starting it again", name)
        pause.ended()
        await asyncio.sleep(pause.seconds)


def serve_alone(part: Part) -> None:
    """A part that needs no web server, until SIGTERM or Ctrl-C."""

    async def run() -> None:
        task = asyncio.ensure_future(part())
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
