"""The routes of schedules: when backups of a volume are made by themselves."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import actor_of
from accounts.permissions import Permission
from rules.openapi import PAGE, Message, errors, example, needs
from rules.paging import page_of
from rules.serializers import refuse_body, validated
from volumes.api.examples import ID, SCHEDULE
from volumes.backups import schedules, serializers
from volumes.backups.schedules import Plan

_ONE = [*ID, OpenApiParameter("schedule_id", OpenApiTypes.UUID, OpenApiParameter.PATH)]
_READS, _WRITES = needs(Permission.FILES_READ), needs(Permission.FILES_WRITE)
_PLAN = {name: SCHEDULE[name] for name in ("cron", "time_zone", "keep")}


class Schedules(APIView):
    @extend_schema(
        operation_id="backup_schedules_list",
        tags=["backups"],
        summary="List a volume's schedules",
        extensions=_READS,
        parameters=[*ID, *PAGE],
        responses={200: serializers.ScheduleList, **errors(403, 404)},
        examples=[example({"schedules": [SCHEDULE]})],
    )
    def get(self, request: Request, volume_id: str) -> Response:
        rows = schedules.of_volume(actor_of(request), volume_id)
        page = page_of(request)
        return Response({"schedules": [serializers.schedule(row) for row in page.of(rows)], **page.count(rows)})

    @extend_schema(
        operation_id="backup_schedules_create",
        tags=["backups"],
        summary="Have backups made on a schedule",
        extensions=_WRITES,
        parameters=ID,
        request=serializers.PlanRequest,
        responses={201: serializers.ScheduleSerializer, **errors(403, 404, 409, body=True)},
        examples=[example(_PLAN, request=True), example(SCHEDULE)],
    )
    def post(self, request: Request, volume_id: str) -> Response:
        """When one of its backups has become good, the oldest go that are more than `keep`; locked ones stay.

        Of runs that were missed while Lightd did not run, one is made up for.
        """
        plan = Plan(**validated(serializers.PlanRequest, request.data))
        return Response(serializers.schedule(schedules.create(actor_of(request), volume_id, plan)), status=201)


class ScheduleDetail(APIView):
    @extend_schema(
        operation_id="backup_schedules_read",
        tags=["backups"],
        summary="Show a schedule",
        extensions=_READS,
        parameters=_ONE,
        responses={200: serializers.ScheduleSerializer, **errors(403, 404)},
        examples=[example(SCHEDULE)],
    )
    def get(self, request: Request, volume_id: str, schedule_id: str) -> Response:
        return Response(serializers.schedule(schedules.find(actor_of(request), volume_id, schedule_id)))

    @extend_schema(
        operation_id="backup_schedules_change",
        tags=["backups"],
        summary="Change a schedule",
        extensions=_WRITES,
        parameters=_ONE,
        request=serializers.PlanChange,
        responses={200: serializers.ScheduleSerializer, **errors(403, 404, body=True)},
        examples=[example({"enabled": False}, request=True), example({**SCHEDULE, "enabled": False, "next_at": None})],
    )
    def patch(self, request: Request, volume_id: str, schedule_id: str) -> Response:
        wanted = validated(serializers.PlanChange, request.data)
        schedule = schedules.change(actor_of(request), volume_id, schedule_id, wanted)
        return Response(serializers.schedule(schedule))

    @extend_schema(
        operation_id="backup_schedules_delete",
        tags=["backups"],
        summary="Delete a schedule",
        extensions=_WRITES,
        parameters=_ONE,
        responses={200: Message, **errors(403, 404, body=True)},
        examples=[example({"message": "Schedule deleted successfully"})],
    )
    def delete(self, request: Request, volume_id: str, schedule_id: str) -> Response:
        """The backups that it made stay."""
        refuse_body(request)
        schedules.delete(actor_of(request), volume_id, schedule_id)
        return Response({"message": "Schedule deleted successfully"})
