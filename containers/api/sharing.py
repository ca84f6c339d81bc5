"""The routes that let others in: grants on a container, and tokens for its console."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import actor_of
from accounts.permissions import Permission
from containers import console_tokens, grants
from containers.api.examples import ID
from containers.serializers import answers, requests
from rules.openapi import Message, errors, example, needs
from rules.serializers import refuse_body, validated

GRANT = {"username": "bob", "permissions": ["console.read", "power"], "created_at": 1706450100}
USERNAME = OpenApiParameter("username", str, OpenApiParameter.PATH)


class Grants(APIView):
    @extend_schema(
        operation_id="grants_list",
        tags=["sharing"],
        summary="See who else may do what to a container",
        extensions=needs(Permission.SHARE),
        parameters=ID,
        responses={200: answers.GrantList, **errors(403, 404)},
        examples=[example({"grants": [GRANT]})],
    )
    def get(self, request: Request, internal_id: str) -> Response:
        """Its owner and administrators may do everything, and are not listed."""
        given = grants.on(actor_of(request), internal_id)
        return Response({"grants": [answers.grant(each) for each in given]})


class GrantDetail(APIView):
    @extend_schema(
        operation_id="grants_give",
        tags=["sharing"],
        summary="Let another user do something to a container",
        extensions=needs(Permission.SHARE),
        parameters=[*ID, USERNAME],
        request=requests.GrantRequest,
        responses={200: answers.GrantShown, **errors(403, 404, body=True)},
        examples=[example({"permissions": ["console.read", "power"]}, request=True), example(GRANT)],
    )
    def put(self, request: Request, internal_id: str, username: str) -> Response:
        """In the place of what they had; each permission includes `view`. Nobody gives more than they have."""
        permissions = validated(requests.GrantRequest, request.data)["permissions"]
        return Response(answers.grant(grants.give(actor_of(request), internal_id, username, permissions)))

    @extend_schema(
        operation_id="grants_take_back",
        tags=["sharing"],
        summary="Take back what another user may do",
        extensions=needs(Permission.SHARE),
        parameters=[*ID, USERNAME],
        responses={200: Message, **errors(403, 404, body=True)},
        examples=[example({"message": "Grant taken back"})],
    )
    def delete(self, request: Request, internal_id: str, username: str) -> Response:
        """At once; a console that they have open is closed."""
        refuse_body(request)
        grants.take_back(actor_of(request), internal_id, username)
        return Response({"message": "Grant taken back"})


class ConsoleToken(APIView):
    @extend_schema(
        operation_id="containers_console_token",
        tags=["sharing"],
        summary="Make a short-lived token for the console in somebody's page",
        extensions=needs(Permission.CONSOLE_READ),
        parameters=ID,
        request=requests.ConsoleTokenRequest,
        responses={201: answers.ConsoleTokenShown, **errors(403, 404, 409, body=True)},
        examples=[
            example({"ttl": "10m", "write": True, "origin": "https://shop.example"}, request=True),
            example({"token": "lightd_q3Zk81xW…", "path": "/ws/my-server-001", "expires_at": 1706450700}),
        ],
    )
    def post(self, request: Request, internal_id: str) -> Response:
        """It opens this console's socket and nothing else, also from pages of `origin`. Never more than you may."""
        wanted = validated(requests.ConsoleTokenRequest, request.data)
        token, secret = console_tokens.issue(actor_of(request), internal_id, **wanted)
        return Response(answers.console_token(internal_id, token, secret), status=201)
