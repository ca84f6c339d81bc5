"""The routes of a volume as a whole: list, create, show, resize, delete."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import Actor, actor_of
from accounts.permissions import Permission
from rules.openapi import PAGE, Message, errors, example, needs
from rules.paging import page_of
from rules.serializers import refuse_body, validated
from volumes import access, lifecycle, resizing, usage
from volumes.api.archives import answer_when_done
from volumes.api.examples import ID, QUOTA, VOLUME
from volumes.serializers import (
    OperationBegun,
    QuotaSerializer,
    ResizeRequest,
    VolumeList,
    VolumeRequest,
    VolumeSerializer,
    quota,
)
from volumes.serializers import volume as shown


class Volumes(APIView):
    @extend_schema(
        operation_id="volumes_list",
        tags=["volumes"],
        summary="List your volumes",
        extensions=needs(Permission.VOLUMES),
        parameters=PAGE,
        responses={200: VolumeList, **errors(403)},
        examples=[example({"volumes": [VOLUME]})],
    )
    def get(self, request: Request) -> Response:
        """An administrator's list has everyone's."""
        volumes = lifecycle.visible(actor_of(request))
        page = page_of(request)
        return Response({"volumes": [shown(volume) for volume in page.of(volumes)], **page.count(volumes)})

    @extend_schema(
        operation_id="volumes_create",
        tags=["volumes"],
        summary="Create a volume",
        extensions=needs(Permission.VOLUMES),
        request=VolumeRequest,
        responses={201: VolumeSerializer, **errors(403, 503, body=True)},
        examples=[example({"size": 2048}, request=True), example(VOLUME)],
    )
    def post(self, request: Request) -> Response:
        """A file system of its own and of this size, which outlives the containers that use it."""
        wanted = validated(VolumeRequest, request.data)
        return Response(shown(lifecycle.create(actor_of(request), wanted.get("size"))), status=201)


class VolumeDetail(APIView):
    @extend_schema(
        operation_id="volumes_read",
        tags=["volumes"],
        summary="Show a volume",
        extensions=needs(Permission.VOLUMES),
        parameters=ID,
        responses={200: VolumeSerializer, **errors(403, 404)},
        examples=[example(VOLUME)],
    )
    def get(self, request: Request, volume_id: str) -> Response:
        return Response(shown(lifecycle.find(actor_of(request), volume_id)))

    @extend_schema(
        operation_id="volumes_delete",
        tags=["volumes"],
        summary="Delete a volume and all its files",
        extensions=needs(Permission.VOLUMES),
        parameters=ID,
        responses={200: Message, **errors(403, 404, 409, body=True)},
        examples=[example({"message": "Volume deleted successfully"})],
    )
    def delete(self, request: Request, volume_id: str) -> Response:
        """Not while a container uses it."""
        refuse_body(request)
        lifecycle.delete(actor_of(request), volume_id)
        return Response({"message": "Volume deleted successfully"})


class Quota(APIView):
    @extend_schema(
        operation_id="volumes_quota",
        tags=["volumes"],
        summary="Show how full a volume is",
        extensions=needs(Permission.FILES_READ),
        parameters=ID,
        responses={200: QuotaSerializer, **errors(403, 404, 409, 503)},
        examples=[example(QUOTA)],
    )
    def get(self, request: Request, volume_id: str) -> Response:
        """At this moment, where the kernel holds its size; else as last measured."""
        return Response(quota(*resizing.measure(actor_of(request), volume_id)))


class Resize(APIView):
    @extend_schema(
        operation_id="volumes_resize",
        tags=["volumes"],
        summary="Make a volume larger or smaller",
        extensions=needs(Permission.VOLUMES),
        parameters=ID,
        request=ResizeRequest,
        responses={200: QuotaSerializer, 202: OperationBegun, **errors(403, 404, 409, 503, 507, body=True)},
        examples=[example({"size": 2048}, request=True), example(QUOTA)],
    )
    def post(self, request: Request, volume_id: str) -> Response:
        """While its containers run. Not smaller than what is in it.

        Many times as large as it was made, it has to be copied: for that its containers must be stopped. Answers when
        it is done, or after 55 seconds with 202 and the operation that goes on.
        """
        actor = actor_of(request)
        operation = resizing.resize(actor, volume_id, validated(ResizeRequest, request.data)["size"])
        if operation is None:
            return Response(_quota_now(actor, volume_id))
        return answer_when_done(operation, lambda _: _quota_now(actor, volume_id))


def _quota_now(actor: Actor, volume_id: str) -> dict[str, Any]:
    volume = access.find(actor, volume_id)
    return quota(volume, usage.of(volume))
