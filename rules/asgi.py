"""What a connection brings along, for whoever is asked before Django or DRF is, and how a socket is refused."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from rules.errors import Forbidden, LightdError, NotFound, TooMany, Unauthenticated

# Of sockets; 4400 for every other error.
CLOSE_CODES: dict[type[LightdError], int] = {Unauthenticated: 4401, Forbidden: 4403, NotFound: 4404, TooMany: 4429}


def header(scope: Mapping[str, Any], name: str) -> str:
    """The first one of this name, in lower case; empty without one."""
    wanted = name.encode()
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == wanted), "")


def bearer(authorization: str) -> str | None:
    """The token in `Authorization: Bearer lightd_…`, which may be empty; None if the header says something else."""
    scheme, _, credentials = authorization.partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else None


def token_of(scope: Mapping[str, Any]) -> str:
    """The token in a socket's address, else in its header; empty without one."""
    in_address = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
    return in_address or bearer(header(scope, "authorization")) or ""
