"""Rows as a request names them."""

from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet

from rules.errors import NotFound

Row = TypeVar("Row", bound=Model)


def by_id(rows: QuerySet[Row], key: str, what: str) -> Row:
    """The one of `rows` with this UUID.

    Raises:
        NotFound: there is none, or `key` is no UUID; `what` is the row as people call it.
    """
    try:
        return rows.get(pk=UUID(key))
    except (ValueError, ObjectDoesNotExist):
        raise NotFound(f"{what} not found") from None
