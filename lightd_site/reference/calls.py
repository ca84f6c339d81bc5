"""The call of an operation, to paste into a shell.

The token and the changing parts of an address are shell variables: `TOKEN`, and in small letters, which no environment
has, the parameters by their own names.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lightd_site.reference.fields import Field
from rules.curl import AUTHORIZED, NEXT_LINE, json_body

JSON = "application/json"


@dataclass(frozen=True)
class Call:
    """What comes before the site's own address, and what after."""

    before: str
    after: str


@dataclass(frozen=True)
class Body:
    """What is sent along, in one of the media types."""

    media_types: tuple[str, ...]
    fields: tuple[Field, ...]
    example: Any


def curl(method: str, path: str, required: list[str], body: Body | None, *, secured: bool) -> Call:
    """`required` are the parameters of the query that can't be left out."""
    chosen = "" if method == "GET" else f" -X {method}"
    query = "&".join(f"{name}=${name}" for name in required)
    address = re.sub(r"\{(\w+)\}", r"$\1", path) + (f"?{query}" if query else "")
    options = [f'{address}"', *_options(body, secured=secured)]
    return Call(before=f'curl{chosen} "', after=NEXT_LINE.join(options))


def _options(body: Body | None, *, secured: bool) -> Iterator[str]:
    if secured:
        yield AUTHORIZED
    if body is None:
        return
    if body.media_types[0] != JSON:
        yield '-F "file=@$file"'
        return
    yield from json_body(body.example)
