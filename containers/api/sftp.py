"""The routes of SFTP: everybody's own credentials and keys for a container's files."""

from __future__ import annotations

from django.http.request import split_domain_port
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import actor_of
from accounts.permissions import Permission
from containers.api.examples import ID
from containers.sftp import credentials, serializers
from rules.openapi import Message, errors, example, needs
from rules.serializers import refuse_body, validated

ACCESS = {
    "username": "alice.my-server-001",
    "host": "panel.example.com",
    "port": 2022,
    "volume_path": "/home/container",
    "host_key": "SHA256:uSCUCCIE5Sa3VnwQmNFHDUbgp5NqN6W4e1jb6hcGu0o",
    "created_at": 1706450100,
    "updated_at": 1706450100,
}
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBDtOcRe7DNZa/1YRpWZm3eUnBNasCj2IzQJVtsGU19j alice@laptop"
KEY = {
    "id": "0b5e4f4e-5f0c-4e0b-9d39-3d2f0f6a4a11",
    "name": "alice@laptop",
    "type": "ssh-ed25519",
    "fingerprint": "SHA256:yKia4MfIxqRpkAjFp+0pG1jXpNT9edqPd1bHaJ1+zGk",
    "created_at": 1706450100,
}
KEY_ID = OpenApiParameter("key_id", str, OpenApiParameter.PATH)


class SftpInfo(APIView):
    @extend_schema(
        operation_id="sftp_read",
        tags=["sftp"],
        summary="Show your SFTP credentials",
        extensions=needs(Permission.FILES_READ),
        parameters=ID,
        responses={200: serializers.AccessShown, **errors(403, 404, 409)},
        examples=[example(ACCESS)],
    )
    def get(self, request: Request, internal_id: str) -> Response:
        """Without the password, which is not stored; 409 where SFTP is turned off."""
        access = credentials.show(actor_of(request), internal_id)
        return Response(serializers.access(access, host_of(request)))


class SftpCredentials(APIView):
    @extend_schema(
        operation_id="sftp_make",
        tags=["sftp"],
        summary="Make SFTP credentials for yourself, or a new password",
        extensions=needs(Permission.FILES_READ),
        parameters=ID,
        request=serializers.CredentialsRequest,
        responses={200: serializers.CredentialsShown, **errors(403, 404, 409, body=True)},
        examples=[
            example({"username": "alice.my-server-001"}, request=True),
            example({**ACCESS, "password": "kT0yG8…"}),
        ],
    )
    def post(self, request: Request, internal_id: str) -> Response:
        """The old password ends, with its connections; keys stay. By SFTP you may read with `files.read`, and
        change with `files.write`. A token that is limited in either, or expires, cannot make any."""
        wanted = validated(serializers.CredentialsRequest, request.data)
        access, password = credentials.make(actor_of(request), internal_id, **wanted)
        return Response({**serializers.access(access, host_of(request)), "password": password})

    @extend_schema(
        operation_id="sftp_end",
        tags=["sftp"],
        summary="Take your SFTP credentials and keys away",
        extensions=needs(Permission.FILES_READ),
        parameters=ID,
        responses={200: Message, **errors(403, 404, 409, body=True)},
        examples=[example({"message": "SFTP credentials deleted"})],
    )
    def delete(self, request: Request, internal_id: str) -> Response:
        """Connections end within a second."""
        refuse_body(request)
        credentials.end(actor_of(request), internal_id)
        return Response({"message": "SFTP credentials deleted"})


class SftpKeys(APIView):
    @extend_schema(
        operation_id="sftp_keys_list",
        tags=["sftp"],
        summary="List your keys for SFTP",
        extensions=needs(Permission.FILES_READ),
        parameters=ID,
        responses={200: serializers.KeyList, **errors(403, 404, 409)},
        examples=[example({"keys": [KEY]})],
    )
    def get(self, request: Request, internal_id: str) -> Response:
        """Those for this container."""
        keys = credentials.keys_of(actor_of(request), internal_id)
        return Response({"keys": [serializers.key(each) for each in keys]})

    @extend_schema(
        operation_id="sftp_keys_add",
        tags=["sftp"],
        summary="Add a public key for SFTP",
        extensions=needs(Permission.FILES_READ),
        parameters=ID,
        request=serializers.KeyRequest,
        responses={201: serializers.KeyShown, **errors(403, 404, 409, body=True)},
        examples=[example({"public_key": PUBLIC_KEY}, request=True), example(KEY)],
    )
    def post(self, request: Request, internal_id: str) -> Response:
        """It opens the same as the password, which need not be there: `GET …/sftp/info` says under which name."""
        wanted = validated(serializers.KeyRequest, request.data)
        key = credentials.add_key(actor_of(request), internal_id, **wanted)
        return Response(serializers.key(key), status=201)


class SftpKeyDetail(APIView):
    @extend_schema(
        operation_id="sftp_keys_remove",
        tags=["sftp"],
        summary="Remove a public key",
        extensions=needs(Permission.FILES_READ),
        parameters=[*ID, KEY_ID],
        responses={200: Message, **errors(403, 404, 409, body=True)},
        examples=[example({"message": "Key removed"})],
    )
    def delete(self, request: Request, internal_id: str, key_id: str) -> Response:
        """Connections that were opened with it end within a second."""
        refuse_body(request)
        credentials.remove_key(actor_of(request), internal_id, key_id)
        return Response({"message": "Key removed"})


def host_of(request: Request) -> str:
    """The name that the site was called by."""
    return split_domain_port(request.get_host())[0]
