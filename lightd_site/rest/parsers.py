"""The body of a request: JSON, and nothing that a database or C library would choke on."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from lightd_site.rest import media


class JsonParser(BaseParser):
    """Strict JSON: an object, in valid UTF-8, with no NUL in any text."""

    media_type = media.JSON

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        body: bytes = stream.read()
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not valid JSON: {error}") from None
        if not isinstance(data, dict):
            raise ParseError("The body must be a JSON object")
        # Looking at every value costs more than parsing them: only where one can be.
        if b"\\u0000" in body and _holds_nul(data):
            raise ParseError("Null characters are not allowed")
        return data


class LightdParser(JsonParser):
    """The same under the API's own name."""

    media_type = media.LIGHTD


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_holds_nul(part) for item in value.items() for part in item)
    if isinstance(value, list):
        return any(_holds_nul(part) for part in value)
    return False
