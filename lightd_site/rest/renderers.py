"""Answers as JSON, under either name."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer

from lightd_site.rest import media


class JsonRenderer(BaseRenderer):
    """Plain JSON."""

    media_type = media.JSON
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=str, option=orjson.OPT_NON_STR_KEYS)


class LightdRenderer(JsonRenderer):
    """The same under the API's own name."""

    media_type = media.LIGHTD_AS_WRITTEN
