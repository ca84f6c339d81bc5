"""The routes under /network/ports."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import Actor, actor_of
from accounts.permissions import Permission
from ports import access, administration, pool
from ports.models import Port, Protocol
from ports.serializers import (
    OptionalProtocolQuery,
    PortAdded,
    PortAddition,
    PortDeletion,
    PortList,
    PortsDeleted,
    PortSerializer,
    PortUse,
    PortUsed,
    ProtocolQuery,
    canonical_address,
    port_number,
)
from rules.errors import NotFound
from rules.openapi import PAGE, Message, errors, example, needs
from rules.paging import page_of
from rules.serializers import refuse_body, validated

_PROTOCOL = OpenApiParameter("protocol", str, enum=Protocol.values)
_NAME = [
    OpenApiParameter("ip", str, OpenApiParameter.PATH, description="An IPv4 or IPv6 address."),
    OpenApiParameter("port", int, OpenApiParameter.PATH),
    _PROTOCOL,
]
# A list of thousands is not worth a model instance each.
_COLUMNS = ("ip", "port", "protocol", "held", "container__internal_id", "container__owner_id")

_FREE = {"ip": "0.0.0.0", "port": 25566, "protocol": "tcp", "in_use": False, "internal_id": None}  # noqa: S104
_TAKEN = {**_FREE, "port": 25565, "in_use": True, "internal_id": "web-1"}


class Ports(APIView):
    @extend_schema(
        operation_id="ports_list",
        tags=["ports"],
        summary="List the pool",
        parameters=PAGE,
        responses={200: PortList, **errors()},
        examples=[example({"ports": [_TAKEN, _FREE]})],
    )
    def get(self, request: Request) -> Response:
        """Which container has a port is shown for your own."""
        actor = actor_of(request)
        page = page_of(request)
        ports = Port.objects.all()
        rows = page.of(ports.values_list(*_COLUMNS))
        return Response({"ports": [_entry(actor, *row) for row in rows], **page.count(ports)})

    @extend_schema(
        operation_id="ports_add",
        tags=["ports"],
        summary="Add a port, or a range of them, to the pool",
        extensions=needs(Permission.PORTS),
        request=PortAddition,
        responses={201: PortAdded, **errors(403, 409, body=True)},
        examples=[
            example({"ip": "0.0.0.0", "port": 25565, "protocol": "tcp"}, request=True),  # noqa: S104
            example({"message": "Port added to pool", "ip": "0.0.0.0", "port": 25565, "protocol": "tcp"}),  # noqa: S104
        ],
    )
    def post(self, request: Request) -> Response:
        """A range is added whole or not at all."""
        actor = actor_of(request)
        wanted = validated(PortAddition, request.data)
        if "port" in wanted:
            administration.add(actor, **wanted)
            return Response({"message": "Port added to pool", **wanted}, status=201)
        count = administration.add_range(actor, **wanted)
        return Response({"message": f"Added {count} ports to pool", **wanted, "added_count": count}, status=201)


class RandomPort(APIView):
    @extend_schema(
        operation_id="ports_random",
        tags=["ports"],
        summary="Pick a free port",
        parameters=[_PROTOCOL],
        responses={200: PortSerializer, **errors(404)},
        examples=[example(_FREE)],
    )
    def get(self, request: Request) -> Response:
        """It is not reserved: the next one to ask may get it."""
        query = validated(OptionalProtocolQuery, request.query_params)
        return Response(_shown_to(actor_of(request), pool.pick_free(query["protocol"])))


class BulkDelete(APIView):
    @extend_schema(
        operation_id="ports_bulk_delete",
        tags=["ports"],
        summary="Delete several ports from the pool",
        extensions=needs(Permission.PORTS),
        request=PortDeletion,
        responses={200: PortsDeleted, **errors(403, 404, 409, body=True)},
        examples=[
            example({"ports": [{"ip": "0.0.0.0", "port": 25565}, {"ip": "0.0.0.0", "port": 25566}]}, request=True),  # noqa: S104
            example({"message": "Deleted 2 ports from pool", "deleted_count": 2}),
        ],
    )
    def post(self, request: Request) -> Response:
        """All of them or, if one is unknown or in use, none."""
        named = validated(PortDeletion, request.data)["ports"]
        ports = [(port["ip"], port["port"], port["protocol"]) for port in named]
        count = administration.remove_many(actor_of(request), ports)
        return Response({"message": f"Deleted {count} ports from pool", "deleted_count": count})


class PortDetail(APIView):
    @extend_schema(
        operation_id="ports_read",
        tags=["ports"],
        summary="Show one port",
        parameters=_NAME,
        responses={200: PortSerializer, **errors(404)},
        examples=[example(_TAKEN)],
    )
    def get(self, request: Request, ip: str, port: str) -> Response:
        return Response(_shown_to(actor_of(request), pool.find(*_name(request, ip, port))))

    @extend_schema(
        operation_id="ports_delete",
        tags=["ports"],
        summary="Delete one port from the pool",
        extensions=needs(Permission.PORTS),
        parameters=_NAME,
        responses={200: Message, **errors(403, 404, 409, body=True)},
        examples=[example({"message": "Port deleted from pool"})],
    )
    def delete(self, request: Request, ip: str, port: str) -> Response:
        refuse_body(request)
        administration.remove(actor_of(request), *_name(request, ip, port))
        return Response({"message": "Port deleted from pool"})


class PortUsage(APIView):
    @extend_schema(
        operation_id="ports_use",
        tags=["ports"],
        summary="Mark a port as in use by hand",
        extensions=needs(Permission.PORTS),
        parameters=_NAME,
        request=PortUse,
        responses={200: PortUsed, **errors(403, 404, 409, body=True)},
        examples=[
            example({"in_use": True}, request=True),
            example({"message": "Port usage updated", **{k: v for k, v in _TAKEN.items() if k != "internal_id"}}),
        ],
    )
    def put(self, request: Request, ip: str, port: str) -> Response:
        """For what is not one of our containers."""
        wanted = validated(PortUse, request.data)
        row = administration.mark(actor_of(request), *_name(request, ip, port), in_use=wanted["in_use"])
        return Response(
            {
                "message": "Port usage updated",
                "ip": row.ip,
                "port": row.port,
                "protocol": row.protocol,
                "in_use": row.in_use,
            }
        )


def _name(request: Request, ip: str, port: str) -> tuple[str, int, str]:
    """The port that an address names; one that can't be is not in the pool."""
    protocol = validated(ProtocolQuery, request.query_params)["protocol"]
    address, number = canonical_address(ip), port_number(port)
    if address is None or number is None:
        raise NotFound("Port not found in pool")
    return address, number, protocol


def _shown_to(actor: Actor, port: Port) -> dict[str, Any]:
    return _entry(actor, *Port.objects.filter(pk=port.pk).values_list(*_COLUMNS).get())


def _entry(
    actor: Actor, ip: str, port: int, protocol: str, held: bool, internal_id: str | None, owner_id: int | None
) -> dict[str, Any]:
    return {
        "ip": ip,
        "port": port,
        "protocol": protocol,
        "in_use": held or internal_id is not None,
        "internal_id": access.known(actor, internal_id, owner_id),
    }
