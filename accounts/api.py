"""The routes under /auth/tokens, and the audit trail."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import audit, tokens
from accounts.actor import Via, actor_of
from accounts.models import AuditEntry
from accounts.permissions import Permission
from accounts.serializers import AuditQuery, AuditTrail, NewTokenSerializer, TokenList, TokenRequest, TokenSerializer
from rules.openapi import PAGE, Message, errors, example, needs
from rules.paging import page_of
from rules.serializers import refuse_body, validated

_TOKEN = {
    "id": "7b7e1c52-6c0e-4f0e-9e55-0a2f4c9a1f10",
    "name": "deploy",
    "prefix": "lightd_q3Zk81xW",
    "scopes": ["power"],
    "containers": ["web-1"],
    "remove_on_use": False,
    "created_at": 1767225600,
    "expires_at": 1767229200,
    "used_at": None,
    "last_used_at": None,
    "last_used_from": None,
    "purpose": "api",
    "origin": "",
}
_SECRET = "lightd_q3Zk81xW…"  # noqa: S105 - an example


class Tokens(APIView):
    @extend_schema(
        operation_id="tokens_list",
        tags=["tokens"],
        summary="List your tokens",
        parameters=PAGE,
        responses={200: TokenList, **errors()},
        examples=[example({"tokens": [_TOKEN]})],
    )
    def get(self, request: Request) -> Response:
        """Never with their secrets."""
        page = page_of(request)
        own = tokens.of(actor_of(request))
        return Response({"tokens": TokenSerializer(page.of(own), many=True).data, **page.count(own)})

    @extend_schema(
        operation_id="tokens_create",
        tags=["tokens"],
        summary="Create a token",
        request=TokenRequest,
        responses={201: NewTokenSerializer, **errors(403, 409, body=True)},
        examples=[
            example({"ttl": "1h", "remove_on_use": False}, request=True),
            example({"token": _SECRET, **_TOKEN}),
        ],
    )
    def post(self, request: Request) -> Response:
        """The secret is in the answer, and nowhere else ever after."""
        wanted = validated(TokenRequest, request.data)
        token, secret = tokens.issue_for(actor_of(request), **wanted)
        return Response({"token": secret, **TokenSerializer(token).data}, status=201)


class TokenDetail(APIView):
    @extend_schema(
        operation_id="tokens_revoke",
        tags=["tokens"],
        summary="Revoke a token",
        responses={200: Message, **errors(404, body=True)},
        examples=[example({"message": "Token revoked"})],
    )
    def delete(self, request: Request, token_id: str) -> Response:
        """From now on it opens nothing, and what it has open is closed."""
        refuse_body(request)
        tokens.revoke(actor_of(request), token_id)
        return Response({"message": "Token revoked"})


_ENTRY = {
    "at": 1767225600,
    "username": "alice",
    "token": "deploy",
    "via": "api",
    "address": "192.0.2.7",
    "action": "container.settings",
    "target": "web-1",
    "outcome": "accepted",
    "reason": "",
    "before": {"memory": 536870912},
    "after": {"memory": 1073741824},
    "request_id": "4c1f0b8e5d0a4c55a1d3c0c1a2b3c4d5",
}


class Audit(APIView):
    @extend_schema(
        operation_id="audit_list",
        tags=["audit"],
        summary="See who changed what, or tried to",
        extensions=needs(Permission.ADMIN),
        parameters=[
            OpenApiParameter("user", str, description="Only what this user did."),
            OpenApiParameter("action", str, description="Only actions that begin with it, such as `container.`."),
            OpenApiParameter("target", str, description="Only what was done to it, such as a container's id."),
            OpenApiParameter("outcome", str, enum=AuditEntry.Outcome.values),
            OpenApiParameter("via", str, enum=Via.values, description="Only what came through this door."),
            OpenApiParameter("since", int, description="Not before this Unix time."),
            OpenApiParameter("until", int, description="Before this Unix time."),
            *PAGE,
        ],
        responses={200: AuditTrail, **errors(403)},
        examples=[example({"entries": [_ENTRY]})],
    )
    def get(self, request: Request) -> Response:
        """Newest first, 100 of them unless told."""
        page = page_of(request, usual=100)
        entries = audit.narrowed(audit.trail(actor_of(request)), validated(AuditQuery, request.query_params))
        return Response({"entries": [audit.shown(entry) for entry in page.of(entries)], **page.count(entries)})
