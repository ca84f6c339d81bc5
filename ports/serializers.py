"""Ports as requests give them and as answers show them."""

import ipaddress
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ports.models import HIGHEST_PORT, LOWEST_PORT, Protocol
from ports.pool import ANY_IPV4, PortRequest
from rules.serializers import StrictBooleanField, StrictCharField, StrictIntegerField, StrictSerializer

# More in one request is more than one transaction should hold.
MOST_DELETED = 1000


@extend_schema_field({"type": "string", "oneOf": [{"format": "ipv4"}, {"format": "ipv6"}]})
class AddressField(StrictCharField):
    """An IPv4 or IPv6 address, in its one canonical form."""

    default_error_messages = {"address": "Not a valid IPv4 or IPv6 address."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 45, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        address = canonical_address(super().to_internal_value(data))
        if address is None:
            self.fail("address")
        return address


class PortField(StrictIntegerField):
    """A port number."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": LOWEST_PORT, "max_value": HIGHEST_PORT, **kwargs})


class ProtocolField(serializers.ChoiceField):
    """tcp or udp."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"choices": Protocol.choices, "default": Protocol.TCP.value, **kwargs})


def canonical_address(text: str) -> str | None:
    """The address as the pool has it; None if it is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # A zone is a network card of this host, for link-local addresses: nothing to publish on.
    return None if "%" in text else str(address)


def port_number(text: str) -> int | None:
    """The port as an address or a button names it; None if it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else None


class PortRequestSerializer(StrictSerializer):
    """A port that a container asks for; `port` is another name of `host_port`.

    What it validates to is a PortRequest.
    """

    ip = AddressField(default=ANY_IPV4)
    port = PortField(required=False, help_text="The same as host_port.")
    host_port = PortField(required=False, help_text="Without it, one is taken from the pool.")
    container_port = PortField(required=False)
    protocol = ProtocolField()

    def validate(self, attrs: dict[str, Any]) -> Any:
        port = attrs.pop("port", None)
        host_port = attrs.pop("host_port", port)
        if port is not None and port != host_port:
            raise serializers.ValidationError({"port": ["Must equal host_port."]})
        return PortRequest(host_port=host_port, **attrs)


class BindingSerializer(serializers.Serializer[Any]):
    """A port that a container publishes; `port` equals `host_port`."""

    ip = serializers.CharField()
    container_port = serializers.IntegerField()
    host_port = serializers.IntegerField()
    port = serializers.IntegerField()
    protocol = serializers.ChoiceField(choices=Protocol.choices)


# --- The pool -----------------------------------------------------------------


class PortAddition(StrictSerializer):
    """One port for the pool, or a range from `start` to `end`."""

    ip = AddressField(default=ANY_IPV4)
    protocol = ProtocolField()
    port = PortField(required=False)
    start = PortField(required=False, help_text="The first port of a range.")
    end = PortField(required=False, help_text="The last port of a range.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = {"port", "start", "end"} & set(attrs)
        if given not in ({"port"}, {"start", "end"}):
            raise serializers.ValidationError({"port": ["Give either port, or start and end."]})
        return attrs


class PortName(StrictSerializer):
    """Which port of the pool is meant."""

    ip = AddressField()
    port = PortField()
    protocol = ProtocolField()


class PortDeletion(StrictSerializer):
    ports = serializers.ListField(child=PortName(), allow_empty=False, max_length=MOST_DELETED)


class PortUse(StrictSerializer):
    in_use = StrictBooleanField()


class ProtocolQuery(serializers.Serializer[Any]):
    """`?protocol=`, tcp if it is left out."""

    protocol = ProtocolField()


class OptionalProtocolQuery(serializers.Serializer[Any]):
    """`?protocol=`, any if it is left out."""

    protocol = ProtocolField(default=None)


class PoolQuery(serializers.Serializer[Any]):
    """What a list of ports is narrowed down to."""

    search = serializers.CharField(default="", max_length=100)
    use = serializers.ChoiceField(choices=("free", "used"), default="")
    protocol = serializers.ChoiceField(choices=Protocol.choices, default="")
    ip = AddressField(default="", allow_blank=True)


# --- Answers ------------------------------------------------------------------


class PortSerializer(serializers.Serializer[Any]):
    """A port of the pool."""

    ip = serializers.CharField()
    port = serializers.IntegerField()
    protocol = serializers.ChoiceField(choices=Protocol.choices)
    in_use = serializers.BooleanField()
    internal_id = serializers.CharField(allow_null=True, help_text="The container that has it, if you may know.")


class PortList(serializers.Serializer[Any]):
    ports = PortSerializer(many=True)
    count = serializers.IntegerField(required=False, help_text="Of all; only with a limit.")


class PortAdded(serializers.Serializer[Any]):
    message = serializers.CharField()
    ip = serializers.CharField()
    protocol = serializers.ChoiceField(choices=Protocol.choices)
    port = serializers.IntegerField(required=False)
    start = serializers.IntegerField(required=False)
    end = serializers.IntegerField(required=False)
    added_count = serializers.IntegerField(required=False)


class PortUsed(serializers.Serializer[Any]):
    message = serializers.CharField()
    ip = serializers.CharField()
    port = serializers.IntegerField()
    protocol = serializers.ChoiceField(choices=Protocol.choices)
    in_use = serializers.BooleanField()


class PortsDeleted(serializers.Serializer[Any]):
    message = serializers.CharField()
    deleted_count = serializers.IntegerField()
