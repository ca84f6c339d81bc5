"""The list of containers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework import serializers

from accounts.actor import Actor, actor_of
from accounts.permissions import Permission, allows
from containers import access
from containers.models import Container
from containers.pages import shown
from containers.pages.shown import Look, Shown
from rules.pages import page
from rules.serializers import validated

PAGE_SIZES = (50, 100, 200)
MOST_ROWS = 250  # asked for again at once


@dataclass(frozen=True)
class Order:
    """One way to sort the list."""

    name: str
    label: str
    columns: tuple[str, ...]


BY_NAME = Order("", "Name, A to Z", ("internal_id",))
ORDERS = (
    BY_NAME,
    Order("-name", "Name, Z to A", ("-internal_id",)),
    Order("state", "State, A to Z", ("look", "internal_id")),
    Order("-state", "State, Z to A", ("-look", "internal_id")),
    Order("image", "Image, A to Z", ("image", "internal_id")),
    Order("-image", "Image, Z to A", ("-image", "internal_id")),
    Order("-created", "Newest first", ("-created_at", "internal_id")),
    Order("created", "Oldest first", ("created_at", "internal_id")),
)
COLUMNS = {order.name: order.columns for order in ORDERS}


@dataclass(frozen=True)
class Heading:
    """The heading of a column, which sorts by it: upwards first, then downwards."""

    label: str
    up: str
    down: str
    now: str  # the order that the list is in

    @property
    def leads_to(self) -> str | None:
        return (self.down if self.now == self.up else self.up) or None

    @property
    def direction(self) -> str:
        """As `aria-sort` calls it."""
        return {self.up: "ascending", self.down: "descending"}.get(self.now, "none")


class TableQuery(serializers.Serializer[Any]):
    """What the address asks for. `state` is the word that a row shows, so it knows `stopped` and `crashed` too."""

    search = serializers.CharField(default="", max_length=255)
    state = serializers.ChoiceField(choices=Look.choices, default="")
    sort = serializers.ChoiceField(choices=[order.name for order in ORDERS if order.name], default=BY_NAME.name)
    rows = serializers.ChoiceField(choices=PAGE_SIZES, default=PAGE_SIZES[0])


@page
def show_list(request: HttpRequest) -> HttpResponse:
    """Those that one sees, a page of them."""
    actor, query = actor_of(request), query_of(request)
    found = access.matching(access.visible(actor), {"search": query["search"]})
    counts = counts_of(found)
    part = page_of(found, query, counts, request.GET.get("page", ""))
    context = {
        "rows": rows_of(actor, list(part)),
        "part": part,
        "counts": counts,
        "query": query,
        "name_heading": Heading("Name", BY_NAME.name, "-name", query["sort"]),
        "state_heading": Heading("State", "state", "-state", query["sort"]),
        "orders": ORDERS,
        "page_sizes": PAGE_SIZES,
        "may_create": allows(actor, Permission.CREATE),
        "owners": actor.is_admin,
    }
    return render(request, "containers/list.html", context)


@page
def show_rows(request: HttpRequest) -> HttpResponse:
    """Rows that changed, to be put in the place of those that are there; of what is gone there is none."""
    actor = actor_of(request)
    names = request.GET.getlist("container")[:MOST_ROWS]
    rows = shown.rows(actor, access.visible(actor).filter(internal_id__in=names))
    return render(request, "containers/_rows.html", {"rows": rows, "owners": actor.is_admin})


@page
def show_counts(request: HttpRequest) -> HttpResponse:
    """How many there are by now, as what a page shows of it is to be replaced."""
    found = access.matching(access.visible(actor_of(request)), {"search": query_of(request)["search"]})
    return render(request, "containers/_counts.html", {"counts": counts_of(found)})


@dataclass(frozen=True)
class Counts:
    """How many containers match, by the word for their state."""

    of: dict[Look, int]

    @property
    def total(self) -> int:
        return sum(self.of.values())

    @property
    def running(self) -> int:
        return self.of[Look.RUNNING]


def query_of(request: HttpRequest) -> dict[str, Any]:
    """What the address asks for; an empty field asks for nothing."""
    query: dict[str, Any] = validated(TableQuery, {name: value for name, value in request.GET.items() if value})
    return query


def counts_of(found: QuerySet[Container]) -> Counts:
    rows = shown.with_look(found).order_by().values_list("look").annotate(Count("pk"))
    return Counts(dict.fromkeys(Look, 0) | {Look(look): number for look, number in rows})


def page_of(found: QuerySet[Container], query: dict[str, Any], counts: Counts, number: str) -> Page[UUID]:
    """The keys of the containers on one page: to skip keys costs little, however far the page is behind."""
    looked = shown.with_look(found)
    if query["state"]:
        looked = looked.filter(look=query["state"])
    keys = looked.order_by(*COLUMNS[query["sort"]]).values_list("pk", flat=True)
    paginator = Paginator(keys, query["rows"])
    paginator.count = counts.of[query["state"]] if query["state"] else counts.total  # counted once is enough
    return paginator.get_page(number)


def rows_of(actor: Actor, keys: list[UUID]) -> list[Shown]:
    """The containers with these keys, in their order."""
    rows = shown.rows(actor, access.visible(actor).filter(pk__in=keys))
    by_key = {row.container.pk: row for row in rows}
    return [by_key[key] for key in keys if key in by_key]
