"""A route whose address says everything has no field: one in a body is unknown there, as on any other route."""

import re
from typing import Any

import pytest

from accounts.models import User
from tests.people import client_of

UPLOAD = "/volumes/any/upload"  # its body is a file's bytes, which nobody reads here


@pytest.fixture
def admins(admin: User) -> Any:
    return client_of(admin)


def test_an_unknown_field_is_named_and_nothing_done(admins: Any) -> None:
    """By the API's own description: what writes, and describes no body."""
    bodiless = [
        (method, re.sub(r"{\w+}", "any", path))
        for path, operations in admins.get("/docs/openapi.json").json()["paths"].items()
        for method, operation in operations.items()
        if method != "get" and "requestBody" not in operation
    ]
    bodiless.remove(("delete", UPLOAD))

    said = {
        (method, path): getattr(admins, method)(path, {"force": True}, format="json").json().get("details")
        for method, path in bodiless
    }

    assert {("delete", "/containers/any"), ("post", "/containers/any/kill")} <= set(said)
    assert said == {route: {"force": ["Unknown field."]} for route in said}
