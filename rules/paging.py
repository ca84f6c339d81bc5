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
    """What the caller asks to see of a list; everything, without a limit."""

    limit: int | None
    offset: int

    def of(self, rows: QuerySet[Row, Shape]) -> QuerySet[Row, Shape]:
        end = None if self.limit is None else self.offset + self.limit
        return rows[self.offset : end]

    def count(self, rows: QuerySet[Row, Shape]) -> dict[str, int]:
        """The field that an answer has in addition if it may be only a part."""
        return {} if self.limit is None else {"count": rows.count()}


def page_of(request: Request) -> Page:
    """The page that a request asks for."""
    query = validated(_PageQuery, request.query_params)
    return Page(limit=query["limit"], offset=query["offset"])
