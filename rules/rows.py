"""Rows as a request names them, and more of them than anybody should wait for."""

import time
from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet

from rules.errors import NotFound

Row = TypeVar("Row", bound=Model)

PIECE = 1000  # rows
PAUSE = 0.05  # seconds


def by_id(rows: QuerySet[Row], key: str, what: str) -> Row:
    """The one of `rows` with this UUID.

    Raises:
        NotFound: there is none, or `key` is no UUID; `what` is the row as people call it.
    """
    try:
        return rows.get(pk=UUID(key))
    except (ValueError, ObjectDoesNotExist):
        raise NotFound(f"{what} not found") from None


def delete_in_pieces(rows: QuerySet[Row]) -> None:
    """Delete however many there are. SQLite has one writer at a time: the others have their turn in between."""
    piece = rows.model._default_manager.filter(pk__in=rows.order_by().values("pk")[:PIECE])
    while piece.delete()[0] >= PIECE:
        time.sleep(PAUSE)
