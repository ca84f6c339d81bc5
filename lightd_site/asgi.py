"""The one ASGI application: HTTP and the console sockets."""

import os
import warnings
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightd_site.settings")
django.setup(set_prefix=False)

# These need the apps to be loaded.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from containers.sockets.consumer import ConsoleConsumer  # noqa: E402
from containers.sockets.live import LiveConsumer  # noqa: E402
from lightd_site.threads import KeptThreads  # noqa: E402
from lightd_site.wall.declared_length import DeclaredLength  # noqa: E402
from lightd_site.wall.proxies import Proxies  # noqa: E402
from lightd_site.wall.rates import LimitSockets  # noqa: E402
from lightd_site.wall.streamed import Handler  # noqa: E402


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """No socket at this address: refused before the upgrade."""
    await send({"type": "websocket.close"})


console = ConsoleConsumer.as_asgi()  # type: ignore[no-untyped-call]
live = LiveConsumer.as_asgi()  # type: ignore[no-untyped-call]

# Channels' own views, which Django's types do not know.
sockets: list[Any] = [path("ws/<path:internal_id>", console), path("live", live), re_path("", refuse)]  # type: ignore[arg-type]

# WhiteNoise's files are small, and are read whole.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

application = Proxies(
    ProtocolTypeRouter(
        {
            "http": DeclaredLength(KeptThreads(Handler())),
            "websocket": LimitSockets(AuthMiddlewareStack(URLRouter(sockets))),
        }
    )
)
