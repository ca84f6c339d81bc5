"""What the routes of tokens and of the audit trail take and show."""

import datetime as dt
from typing import Any

from rest_framework import serializers

from accounts import tokens
from accounts.actor import Via
from accounts.models import ApiToken, AuditEntry
from accounts.permissions import Permission
from rules.serializers import StrictBooleanField, StrictCharField, StrictSerializer, UnixTimeField

MOST_CONTAINERS = 1000
LATEST = 2**37  # seconds since 1970: the year 6325
MOMENTS = {"since", "until"}


class TokenRequest(StrictSerializer):
    """A token that is asked for."""

    ttl = StrictCharField(
        default="1h",
        allow_null=True,
        max_length=10,
        help_text="How long it lives, such as 30s, 15m, 1h or 7d; null: until it is revoked.",
    )
    remove_on_use = StrictBooleanField(default=False, help_text="Whether it is good for one use only.")
    name = StrictCharField(default="", allow_blank=True, max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Permission.choices),
        default=list,
        max_length=len(Permission.choices),
        help_text="What it is limited to; none: all that its owner may.",
    )
    containers = serializers.ListField(
        child=StrictCharField(max_length=63),
        default=list,
        max_length=MOST_CONTAINERS,
        help_text="The internal_ids it is limited to; none: all that its owner may reach.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        ttl = attrs.pop("ttl")
        return {**attrs, "lifetime": None if ttl is None else tokens.parse_ttl(ttl)}


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token as its owner sees it, without its secret."""

    created_at = UnixTimeField()
    expires_at = UnixTimeField(allow_null=True)
    used_at = UnixTimeField(allow_null=True)
    last_used_at = UnixTimeField(allow_null=True)
    scopes = serializers.ListField(child=serializers.CharField())
    containers = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = ApiToken
        fields = [
            "id",
            "name",
            "prefix",
            "scopes",
            "containers",
            "remove_on_use",
            "created_at",
            "expires_at",
            "used_at",
            "last_used_at",
            "last_used_from",
            "purpose",
            "origin",
        ]
        read_only_fields = fields


class NewTokenSerializer(TokenSerializer):
    """The same with the secret, which is shown this once."""

    token = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = ["token", *TokenSerializer.Meta.fields]
        read_only_fields = fields


class TokenList(serializers.Serializer[Any]):
    tokens = TokenSerializer(many=True)
    count = serializers.IntegerField(required=False, help_text="Of all; only with a limit.")


class AuditQuery(serializers.Serializer[Any]):
    """What a part of the audit trail is about."""

    user = serializers.CharField(required=False, max_length=150)
    action = serializers.CharField(required=False, max_length=40, help_text="All that begins with it.")
    target = serializers.CharField(required=False, max_length=255)
    outcome = serializers.ChoiceField(required=False, choices=AuditEntry.Outcome.choices)
    via = serializers.ChoiceField(required=False, choices=Via.choices)
    since = serializers.IntegerField(required=False, min_value=0, max_value=LATEST)
    until = serializers.IntegerField(required=False, min_value=0, max_value=LATEST)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Unix times as moments."""
        return attrs | {name: dt.datetime.fromtimestamp(attrs[name], dt.UTC) for name in attrs.keys() & MOMENTS}


class AuditEntryShown(serializers.Serializer[Any]):
    at = UnixTimeField()
    username = serializers.CharField()
    token = serializers.CharField(allow_blank=True, help_text="Empty: a session.")
    via = serializers.ChoiceField(choices=Via.choices)
    address = serializers.IPAddressField(allow_null=True)
    action = serializers.CharField()
    target = serializers.CharField(allow_blank=True)
    outcome = serializers.ChoiceField(choices=AuditEntry.Outcome.choices)
    reason = serializers.CharField(allow_blank=True)
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    request_id = serializers.CharField(allow_blank=True)


class AuditTrail(serializers.Serializer[Any]):
    entries = AuditEntryShown(many=True)
    count = serializers.IntegerField(required=False, help_text="Of all that match; only with a limit.")
