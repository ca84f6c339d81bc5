"""The HTML pages of the pool: everybody looks, whoever has the permission `ports` changes it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.vary import vary_on_headers

from accounts.actor import Actor, actor_of
from accounts.permissions import Permission, allows, require
from ports import access, administration, picture
from ports.forms import AddForm
from ports.models import Port, PortQuerySet, Protocol
from ports.serializers import PoolQuery, PortAddition, PortDeletion, PortName, port_number
from rules.errors import LightdError
from rules.pages import action, form_page, is_of_htmx, page, saying, show
from rules.serializers import validated

ROWS = 100


@dataclass(frozen=True)
class Row:
    """A port, and its container as far as the viewer may know it."""

    port: Port
    user: str | None


@vary_on_headers("HX-Request")
@page
def show_pool(request: HttpRequest) -> HttpResponse:
    """The whole page; only what changes, if htmx asks."""
    return _pool(request, "ports/_pool.html" if is_of_htmx(request) else "ports/list.html")


@form_page
@login_required
def add(request: HttpRequest) -> HttpResponse:
    """Add one port or a range."""
    actor = actor_of(request)
    form = AddForm(request.POST or None)
    if not form.is_valid():
        require(actor, Permission.PORTS)  # whose form is good is asked by what adds the ports, which records it
        return show(request, "ports/add.html", form)
    try:
        done = _add(actor, validated(PortAddition, form.wanted()))
    except LightdError as error:
        return show(request, "ports/add.html", form, error)
    messages.success(request, done)
    return redirect("ports:list")


@action
def delete(request: HttpRequest) -> HttpResponse:
    """Delete the chosen ports: all of them or, if one is in use by now, none."""
    chosen = [_name(each) for each in request.POST.getlist("port")]
    named = validated(PortDeletion, {"ports": chosen})["ports"]
    ports = [(port["ip"], port["port"], port["protocol"]) for port in named]
    count = administration.remove_many(actor_of(request), ports)
    return saying(_pool(request, "ports/_pool.html"), f"Deleted {count} port{'' if count == 1 else 's'} from the pool")


@action
def mark(request: HttpRequest, *, in_use: bool) -> HttpResponse:
    """Say that something other than a container uses a port, or no longer does."""
    named = validated(PortName, _name(request.POST.get("port", "")))
    administration.mark(actor_of(request), **named, in_use=in_use)
    return _pool(request, "ports/_pool.html")


def _add(actor: Actor, wanted: dict[str, Any]) -> str:
    """Returns what was done."""
    if "port" in wanted:
        return f"{administration.add(actor, **wanted)} is in the pool."
    return f"{administration.add_range(actor, **wanted)} ports are in the pool."


def _name(text: str) -> dict[str, Any]:
    """What a button or a box of the table names: `0.0.0.0 25565 tcp`."""
    ip, port, protocol = (*text.split(" "), "", "")[:3]
    return {"ip": ip, "port": port_number(port), "protocol": protocol}


def _pool(request: HttpRequest, template: str) -> HttpResponse:
    actor = actor_of(request)
    query = validated(PoolQuery, request.GET)
    drawn = _narrowed(query)
    found = _matching(actor, drawn, query).select_related("container")
    part = Paginator(found, ROWS).get_page(request.GET.get("page"))
    context = {
        "rows": [Row(port, _user(actor, port)) for port in part],
        "part": part,
        "query": query,
        "picture": picture.draw(drawn),
        "addresses": Port.objects.order_by("ip").values_list("ip", flat=True).distinct(),
        "protocols": Protocol.values,
        "may_change": allows(actor, Permission.PORTS),
    }
    return render(request, template, context)


def _narrowed(query: dict[str, Any]) -> PortQuerySet:
    """To an address and a protocol: as the picture shows it."""
    wanted = {name: query[name] for name in ("ip", "protocol") if query[name]}
    return Port.objects.filter(**wanted)


def _matching(actor: Actor, ports: PortQuerySet, query: dict[str, Any]) -> PortQuerySet:
    """Further, to what is searched for."""
    if query["use"]:
        ports = ports.free() if query["use"] == "free" else ports.in_use()
    if query["search"]:
        ports = ports.filter(_search(actor, query["search"].strip()))
    return ports


def _search(actor: Actor, text: str) -> Q:
    """A port, a range of them as `25565-25570`, a part of an address or of a container's id."""
    first, _, last = text.replace("–", "-").partition("-")
    if first.isascii() and first.isdigit() and len(first) <= 5 and (not last or (last.isascii() and last.isdigit())):
        numbers = Q(port__range=(int(first), min(int(last or first), 65535)))
        return numbers | access.used_by(actor, text)
    return Q(ip__icontains=text) | access.used_by(actor, text)


def _user(actor: Actor, port: Port) -> str | None:
    if port.container is None:
        return None
    return access.known(actor, port.container.internal_id, port.container.owner_id)
