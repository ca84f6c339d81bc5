"""How a call of the API is written for a shell. The token is left to its `$TOKEN`."""

from __future__ import annotations

import json
import shlex
from typing import Any

NEXT_LINE = " \\\n  "
AUTHORIZED = '-H "Authorization: Bearer $TOKEN"'


def json_body(body: Any) -> list[str]:
    """The options that send it along."""
    text = json.dumps(body, indent=2, ensure_ascii=False)
    return ['-H "Content-Type: application/json"', f"-d {shlex.quote(text)}"]


def post_json(address: str, body: Any) -> str:
    """The whole call, to be copied into a shell."""
    return NEXT_LINE.join([f"curl -X POST {shlex.quote(address)}", AUTHORIZED, *json_body(body)])
