"""Serializers that take a request at its word: no unknown field, no silent conversion."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from rules.errors import Details, Invalid
from rules.moments import unix


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses a field that it does not know, naming it."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, QueryDict):
            data = data.dict()  # an empty form: DRF would read false from what is not in it
        if isinstance(data, Mapping):
            self._refuse_unknown(data)
        return super().to_internal_value(data)

    def _refuse_unknown(self, data: Mapping[str, Any]) -> None:
        unknown = sorted(set(data) - set(self.fields))
        if unknown:
            raise serializers.ValidationError({name: ["Unknown field."] for name in unknown})


class StrictCharField(serializers.CharField):
    """Text only: DRF's own field makes text of a number."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictIntegerField(serializers.IntegerField):
    """An integer only: DRF's own field takes "5" and 5.0 as well."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictFloatField(serializers.FloatField):
    """A number only: DRF's own field takes "0.5" and true as well."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictBooleanField(serializers.BooleanField):
    """true or false only: DRF's own field takes "yes", 1 and "off" as well."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field(OpenApiTypes.INT64)
class UnixTimeField(serializers.Field):  # type: ignore[type-arg]  # not subscriptable when run
    """A moment as whole seconds since 1970; only ever read."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"read_only": True, **kwargs})

    def to_representation(self, value: dt.datetime) -> int:
        return unix(value)


def validated(serializer: type[serializers.Serializer[Any]], data: Any) -> Any:
    """What the serializer makes of `data`.

    Raises:
        Invalid: it makes nothing of it; `details` says why, by field.
    """
    reader = serializer(data=data)
    try:
        reader.is_valid(raise_exception=True)
    except ValidationError as error:
        raise refusal(error) from None
    return reader.validated_data


def refuse_body(request: Request) -> None:
    """What says everything in its address has no field: one in its body is as unknown there as anywhere.

    Raises:
        Invalid: there is one.
    """
    validated(StrictSerializer, request.data)


def validated_in_part(
    serializer: type[serializers.Serializer[Any]], data: Mapping[str, Any], stand_in: Mapping[str, Any] | None = None
) -> tuple[Any, list[Invalid]]:
    """What the serializer makes of what is right in `data`, and what it refuses of the rest.

    Args:
        stand_in: what is taken for fields that are needed and were refused.
    """
    try:
        return validated(serializer, data), []
    except Invalid as error:
        refused = {path.partition(".")[0] for path in error.details or {}}
        rest = {name: value for name, value in data.items() if name not in refused}
        return validated(serializer, {**(stand_in or {}), **rest}), [error]


def refusal(error: ValidationError) -> Invalid:
    """What a serializer refused, as one of our errors."""
    details: Details = {}
    for field, sentence in _sentences(error.detail):
        details.setdefault(field, []).append(sentence)
    field, sentences = next(iter(details.items()))
    if not field:
        return Invalid(sentences[0].removesuffix("."))
    return Invalid(f"{field}: {sentences[0].removesuffix('.')}", details)


def _sentences(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each sentence with the dotted path of its field, such as `ports.0.host_port`."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            within = path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
            yield from _sentences(inner, within)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from _sentences(inner, f"{path}.{index}".lstrip(".") if nested else path)
    else:
        yield path, str(detail)
