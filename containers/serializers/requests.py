"""Containers as requests give them: what is wrong with a field by itself is refused here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import QueryDict
from rest_framework import serializers

from accounts import tokens
from accounts.permissions import OF_A_CONTAINER, Permission
from containers.lifecycle import NewContainer
from containers.limits import MIN_CPU
from containers.models import INTERNAL_ID_PATTERN, RestartPolicy
from containers.patterns import MAX_PATTERN_LENGTH, MAX_SAMPLE
from containers.samples import Window
from containers.states import State
from ports.serializers import PortRequestSerializer
from rules.serializers import (
    StrictBooleanField,
    StrictCharField,
    StrictFloatField,
    StrictIntegerField,
    StrictSerializer,
    validated,
)

MAX_STARTUP_COMMAND = 16 << 10  # characters
MAX_SCRIPT = 512 << 10  # characters
MAX_PATH = 4096  # characters; the kernel's PATH_MAX
MAX_PORTS = 100
MAX_STOP_COMMAND = 1024  # characters
MAX_STOP_TIMEOUT = 3600  # seconds
LARGEST = 2**63 - 1


class StrictUuidField(serializers.UUIDField):
    """A UUID as text: DRF's own field takes an integer as well."""

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class CommandField(StrictCharField):
    """What a shell runs: to the letter, and not only blanks."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_STARTUP_COMMAND, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        command = super().to_internal_value(data)
        if not command.strip():
            self.fail("blank")
        return command


class PatternField(StrictCharField):
    """A regular expression to the letter; `patterns.compile_pattern` judges it, and how long it is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            trim_whitespace=False, help_text=f"RE2, up to {MAX_PATTERN_LENGTH} characters, spaces included.", **kwargs
        )


class LimitsSerializer(StrictSerializer):
    """Memory in bytes, CPU in cores; what is left out is not limited."""

    memory = StrictIntegerField(required=False, allow_null=True, max_value=LARGEST, help_text="Bytes, at least 6 MiB.")
    cpu = StrictFloatField(
        required=False, allow_null=True, help_text=f"Cores, from {MIN_CPU}, Docker's floor, to the host's."
    )


class CreateSerializer(StrictSerializer):
    """What it validates to is a `NewContainer`."""

    internal_id = serializers.RegexField(
        INTERNAL_ID_PATTERN,
        max_length=63,
        trim_whitespace=False,
        help_text="Letters, digits, `_`, `.` and `-`; begins with one of the first.",
    )
    image = StrictCharField(max_length=255)
    volume_id = StrictUuidField(help_text="An unknown one makes a new, empty volume.")
    startup_command = CommandField()
    start_pattern = PatternField(required=False, allow_blank=True, allow_null=True)
    ports = serializers.ListField(child=PortRequestSerializer(), required=False, max_length=MAX_PORTS)
    limits = LimitsSerializer(required=False)
    mount = serializers.DictField(
        child=StrictCharField(max_length=MAX_PATH),
        required=False,
        help_text="Container path to host path; one that is not there is made.",
    )
    install_script = StrictCharField(
        required=False, allow_blank=True, allow_null=True, max_length=MAX_SCRIPT, trim_whitespace=False
    )
    owner = StrictCharField(required=False, max_length=150, help_text="A username: administrators make it for others.")

    def validate_internal_id(self, value: str) -> str:
        if not isinstance(self.initial_data.get("internal_id"), str):
            raise serializers.ValidationError("Not a valid string.")
        return value

    def validate(self, attrs: dict[str, Any]) -> Any:
        limits = attrs.pop("limits", {})
        given = {name: value for name, value in attrs.items() if value is not None}
        return NewContainer(memory=limits.get("memory"), cpu=limits.get("cpu"), **given)


class ReinstallSerializer(StrictSerializer):
    image = StrictCharField(required=False, max_length=255)
    install_script = StrictCharField(required=False, allow_blank=True, max_length=MAX_SCRIPT, trim_whitespace=False)


class RebindSerializer(StrictSerializer):
    ports = serializers.ListField(child=PortRequestSerializer(), max_length=MAX_PORTS)


class PatchSerializer(StrictSerializer):
    """Settings to change. What it validates to has `memory` and `cpu` beside the others."""

    startup_command = CommandField(required=False)
    start_pattern = PatternField(required=False, allow_blank=True)
    stop_command = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=MAX_STOP_COMMAND,
        trim_whitespace=False,
        help_text="Empty: SIGTERM.",
    )
    stop_timeout = StrictIntegerField(
        required=False, min_value=1, max_value=MAX_STOP_TIMEOUT, help_text="Seconds until SIGKILL."
    )
    restart_policy = serializers.ChoiceField(required=False, choices=RestartPolicy.choices)
    limits = LimitsSerializer(required=False)
    mount = serializers.DictField(
        child=StrictCharField(max_length=MAX_PATH),
        required=False,
        help_text="Container path to host path, which exists.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {**attrs.pop("limits", {}), **attrs}


class ResourcesSerializer(StrictSerializer):
    """Docker's own names and units; at least one of them."""

    memory = StrictIntegerField(required=False, help_text="Bytes.")
    memory_swap = StrictIntegerField(required=False, help_text="Bytes, memory and swap together; -1: no limit.")
    memory_reservation = StrictIntegerField(required=False, help_text="Bytes.")
    cpu_shares = StrictIntegerField(required=False, help_text="Weight; 1024 is Docker's own.")
    cpu_period = StrictIntegerField(required=False, help_text="Microseconds.")
    cpu_quota = StrictIntegerField(required=False, help_text="Microseconds in a period; -1: no limit.")
    cpuset_cpus = StrictCharField(required=False, max_length=255, help_text="Cores, like 0-2,5.")
    blkio_weight = StrictIntegerField(required=False, help_text="From 10 to 1000.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Give at least one of the resources.")
        return attrs


class PatternTrial(StrictSerializer):
    """A start pattern, and output to try it on."""

    start_pattern = PatternField()
    sample = StrictCharField(allow_blank=True, max_length=MAX_SAMPLE, trim_whitespace=False)


class GrantRequest(StrictSerializer):
    """What another user shall be allowed; all of it, in the place of what was."""

    permissions = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(OF_A_CONTAINER)), min_length=1, max_length=len(OF_A_CONTAINER)
    )

    def validate_permissions(self, value: list[str]) -> list[Permission]:
        return [Permission(each) for each in value]


class ConsoleTokenRequest(StrictSerializer):
    """A console token that is asked for."""

    ttl = StrictCharField(default="10m", max_length=10, help_text="How long it lives, such as 30s or 10m; at most 1h.")
    write = StrictBooleanField(default=False, help_text="Whether it may type, or only look on.")
    origin = serializers.RegexField(
        r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?\Z",
        default="",
        max_length=255,
        help_text="The page that may use it: scheme, host and port.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        lifetime = tokens.parse_ttl(attrs.pop("ttl"))
        return {**attrs, "lifetime": lifetime}


class ListQuery(serializers.Serializer[Any]):
    """`?search=` looks into the id and the image."""

    search = serializers.CharField(required=False, allow_blank=True, max_length=255)
    state = serializers.ChoiceField(required=False, choices=State.choices)


class LogsQuery(serializers.Serializer[Any]):
    tail = serializers.IntegerField(required=False, min_value=0, max_value=10_000)
    since = serializers.IntegerField(required=False, min_value=0, max_value=2**40)
    search = serializers.CharField(required=False, max_length=200, trim_whitespace=False)


class StatsQuery(serializers.Serializer[Any]):
    window = serializers.ChoiceField(choices=Window.choices, default=Window.HOUR)


def wanted_window(query: QueryDict) -> Window:
    """How far back a request asks."""
    return Window(validated(StatsQuery, query)["window"])
