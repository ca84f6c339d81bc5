"""What travels over the channel layer, between the one supervisor and the many web processes."""

from __future__ import annotations

from typing import Any, Literal, TypedDict, cast
from uuid import UUID

from channels.layers import BaseChannelLayer, get_channel_layer

from containers import events
from containers.models import Event

# Where web processes send what people type.
INPUT_CHANNEL = "lightd-console-input"
# Where they say which containers somebody watches.
WATCH_CHANNEL = "lightd-stats-watch"


def layer() -> BaseChannelLayer:
    """The channel layer of this process. One that does not answer raises `REDIS_AWAY`."""
    return cast(BaseChannelLayer, get_channel_layer())


def group(container_id: UUID | str) -> str:
    """The group that hears of one container."""
    return f"container.{container_id}"


class OutputMessage(TypedDict):
    """A batch of output: the text of the bytes from `start` to before `end`."""

    type: Literal["console.output"]
    container_id: str
    data: str
    start: int
    end: int


class EventMessage(TypedDict):
    """What an event row says on the socket; `id` is the row's."""

    type: Literal["console.event"]
    id: int
    container_id: str
    messages: list[dict[str, Any]]
    deleted: bool


class StatsMessage(TypedDict):
    """What a container uses: the fields of the contract's `stats` message."""

    type: Literal["console.stats"]
    container_id: str
    usage: dict[str, Any]


class WatchMessage(TypedDict):
    """Which containers a web process has viewers of, and which of those have a new one."""

    type: Literal["stats.watch"]
    container_ids: list[str]
    newly: list[str]


class InputMessage(TypedDict):
    """What a viewer typed, and which."""

    type: Literal["console.input"]
    container_id: str
    viewer: str
    data: str


class RefusalMessage(TypedDict):
    """Why what this viewer typed was not taken: for nobody else."""

    type: Literal["console.refusal"]
    container_id: str
    viewer: str
    sentence: str


def event_message(row: Event) -> EventMessage:
    """What is sent for an event row."""
    return EventMessage(
        type="console.event",
        id=row.id,
        container_id=str(row.container_uuid),
        messages=events.socket_messages(row),
        deleted=row.kind == Event.Kind.DELETED,
    )
