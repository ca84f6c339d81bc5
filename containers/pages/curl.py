"""What a form asks for, as the call of the API that does the same: to be copied into a shell."""

from __future__ import annotations

import shlex
from typing import Any

from rules import curl


def call(address: str, body: dict[str, Any]) -> str:
    return curl.NEXT_LINE.join([f"curl -X POST {shlex.quote(address)}", curl.AUTHORIZED, *curl.json_body(body)])
