"""A part of a long list: `?limit=` and `?offset=`."""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from rules.serializers import validated

LONGEST_PAGE = 1000

Row = TypeVar("Row", bound=Model)
Shape = TypeVar("Shape")


class _PageQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(min_value=1, max_value=LONGEST_PAGE, default=None)
    offset = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)


@dataclass(frozen=True)
class Page:
    """What the caller asks to see of a list; without a limit, as many as are usual there."""

    limit: int | None
    offset: int
    usual: int | None

    def of(self, rows: QuerySet[Row, Shape]) -> QuerySet[Row, Shape]:
        length = self.limit or self.usual
        return rows[self.offset : length and self.offset + length]

    def count(self, rows: QuerySet[Row, Shape]) -> dict[str, int]:
        """The field that an answer has in addition if it may be only a part."""
        return {} if self.limit is None else {"count": rows.count()}


def page_of(request: Request, usual: int | None = None) -> Page:
    """The page that a request asks for. `usual` is how long it is unless told; None: everything."""
    query = validated(_PageQuery, request.query_params)
    return Page(limit=query["limit"], offset=query["offset"], usual=usual)
