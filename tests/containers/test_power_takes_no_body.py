"""A power action's address says everything: an unknown field is refused there as on any route."""

import pytest

from accounts.models import User
from tests.people import client_of


@pytest.mark.parametrize("action", ["start", "stop", "kill", "restart"])
def test_an_unknown_field_is_named(admin: User, action: str) -> None:
    answer = client_of(admin).post(f"/containers/any/{action}", {"force": True}, format="json")

    assert answer.status_code == 400
    assert answer.json()["details"] == {"force": ["Unknown field."]}
