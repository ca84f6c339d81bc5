"""The API's description: as programs read it, and as /docs/ shows it."""

import json
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

from lightd_site.reference.operations import Reference, reference_of


@cache
def document() -> Any:
    """What /docs/openapi.json answers. Worked out once in a process, which takes about a second."""
    described = SchemaGenerator().get_schema(request=None, public=True)
    # What the generator makes holds enumerations and lazy texts; only its renderer makes JSON of them.
    return json.loads(OpenApiJsonRenderer().render(described, renderer_context={}))


@cache
def reference() -> Reference:
    """What it says."""
    return reference_of(document())
