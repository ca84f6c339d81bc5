"""Which container the log lines of a request, a job or a socket are about."""

from contextvars import ContextVar

_container: ContextVar[str] = ContextVar("container", default="")


def container() -> str:
    """The container's id as its user knows it; empty where no container is concerned."""
    return _container.get()


def is_container(internal_id: str) -> None:
    """From now on, in this context, it is all about this container (or, when empty, about none)."""
    _container.set(internal_id)
