"""A token makes only tokens that can do no more than itself."""

from datetime import timedelta
from typing import Any

import pytest

from accounts import tokens
from accounts.models import User
from rules.errors import Forbidden
from tests.people import actor

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        ({"name": "all"}, {}),
        ({"name": "all"}, {"scopes": ["power"]}),
        ({"scopes": ["power", "view"]}, {"scopes": ["view"]}),
        ({"scopes": ["admin"]}, {"scopes": ["power"]}),
        ({"containers": ["a", "b"]}, {"containers": ["a"]}),
        ({"lifetime": HOUR}, {"lifetime": HOUR / 2}),
    ],
)
def test_the_same_or_less_is_made(alice: User, parent: dict[str, Any], child: dict[str, Any]) -> None:
    token, _ = tokens.issue_for(actor(alice, **parent), **child)

    assert token.owner == alice


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        ({"scopes": ["power"]}, {}),
        ({"scopes": ["power"]}, {"scopes": ["power", "files.read"]}),
        ({"scopes": ["power"]}, {"scopes": ["admin"]}),
        ({"containers": ["a"]}, {}),
        ({"containers": ["a"]}, {"containers": ["a", "b"]}),
        ({"scopes": ["admin"], "containers": ["a"]}, {"scopes": ["power"]}),
        ({"lifetime": HOUR}, {"lifetime": 2 * HOUR}),
        ({"lifetime": HOUR}, {}),
        ({"remove_on_use": True}, {"lifetime": HOUR}),
    ],
)
def test_more_is_refused(alice: User, parent: dict[str, Any], child: dict[str, Any]) -> None:
    with pytest.raises(Forbidden):
        tokens.issue_for(actor(alice, **parent), **child)


def test_someone_signed_in_may_make_any(alice: User) -> None:
    assert tokens.issue_for(actor(alice))[0].expires_at is None
