"""SFTP credentials and keys as requests give them and as answers show them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from containers.engine.config import HOME
from containers.models import SftpAccess, SftpKey
from containers.sftp import host_key, keys
from containers.sftp.credentials import PASSWORD_PATTERN, USERNAME_PATTERN
from rules.moments import unix
from rules.serializers import StrictCharField, StrictSerializer


class CredentialsRequest(StrictSerializer):
    """Both may be left out."""

    username = serializers.RegexField(
        USERNAME_PATTERN,
        default="",
        help_text="Of nobody else; without it the one you have, or `alice.my-server-001`.",
    )
    password = serializers.RegexField(
        PASSWORD_PATTERN,
        default="",
        trim_whitespace=False,
        help_text="At least ten letters, digits and signs of ASCII; without it, a random one.",
    )


class KeyRequest(StrictSerializer):
    public_key = StrictCharField(max_length=keys.LONGEST, help_text="A line of OpenSSH's: ssh-ed25519 AAAA… comment.")
    name = StrictCharField(default="", max_length=100, help_text="Without it, the key's comment.")


class AccessShown(serializers.Serializer[Any]):
    username = serializers.CharField()
    host = serializers.CharField()
    port = serializers.IntegerField()
    volume_path = serializers.CharField(help_text="Where the volume is, by SFTP as in the container.")
    host_key = serializers.CharField(allow_null=True, help_text="Its fingerprint, as clients show it.")
    created_at = serializers.IntegerField()
    updated_at = serializers.IntegerField()


class CredentialsShown(AccessShown):
    password = serializers.CharField(help_text="Shown this once.")


class KeyShown(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    type = serializers.CharField()
    fingerprint = serializers.CharField()
    created_at = serializers.IntegerField()


class KeyList(serializers.Serializer[Any]):
    keys = KeyShown(many=True)


def access(row: SftpAccess, site: str) -> dict[str, Any]:
    """How to connect, as it is shown: never the password.

    Args:
        site: the host by which the site was called.
    """
    return {
        "username": row.username,
        "host": settings.SFTP_PUBLIC_HOST or site,
        "port": settings.SFTP_PORT,
        "volume_path": HOME,
        "host_key": host_key.fingerprint(),
        "created_at": unix(row.created_at),
        "updated_at": unix(row.updated_at),
    }


def key(row: SftpKey) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "name": row.name,
        "type": row.kind,
        "fingerprint": row.fingerprint,
        "created_at": unix(row.created_at),
    }
