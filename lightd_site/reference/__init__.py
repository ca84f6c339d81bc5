"""The API's description as /docs/ shows it."""

import json
from functools import cache

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

from lightd_site.reference.operations import Reference, reference_of


@cache
def reference() -> Reference:
    """What /docs/openapi.json says. Worked out once in a process, which takes about a second."""
    described = SchemaGenerator().get_schema(request=None, public=True)
    # What the generator makes holds enumerations and lazy texts; only its renderer makes JSON of them.
    return reference_of(json.loads(OpenApiJsonRenderer().render(described, renderer_context={})))
