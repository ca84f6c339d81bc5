"""The id that ties an answer, its log lines and its events together."""

import re
import uuid
from contextvars import ContextVar

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """The id of the request being served; empty outside of one."""
    return _current.get()


def use(request_id: str) -> None:
    """Make `request_id` the current one for the rest of this context."""
    _current.set(request_id)


def accept(offered: str | None) -> str:
    """The caller's own id if it is safe to log and echo, else a new one."""
    if offered and _ACCEPTABLE.fullmatch(offered):
        return offered
    return uuid.uuid4().hex
