"""What OpenAPI can't see by itself. Loaded once the apps are: DRF imports the authentication too early for it."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction


class TokenScheme(OpenApiAuthenticationExtension):
    """How OpenAPI describes it."""

    target_class = "lightd_site.rest.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "lightd_…"}


class StrictScheme(OpenApiSerializerExtension):
    """A field that a strict serializer does not know is refused."""

    target_class = "rules.serializers.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**schema, "additionalProperties": False}
