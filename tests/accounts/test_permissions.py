from typing import Any

import pytest

from accounts.models import User
from accounts.permissions import ADMINISTRATORS_ONLY, SITE_WIDE, Permission, allows, require
from rules.errors import Forbidden
from tests.people import actor


def allowed(user: User, **token: Any) -> set[Permission]:
    someone = actor(user, **token)
    return {permission for permission in Permission if allows(someone, permission)}


def test_an_administrator_may_do_everything(admin: User) -> None:
    assert allowed(admin) == set(Permission)


def test_a_user_may_do_all_but_what_is_for_administrators(alice: User) -> None:
    assert allowed(alice) == set(Permission) - ADMINISTRATORS_ONLY


def test_a_token_may_do_what_its_scopes_say(admin: User) -> None:
    assert allowed(admin, scopes=["ports", "create"]) == {Permission.PORTS, Permission.CREATE}


def test_whoever_may_do_anything_to_a_container_may_see_it(admin: User) -> None:
    assert allowed(admin, scopes=["power"]) == {Permission.POWER, Permission.VIEW}


def test_a_token_gives_nobody_more_than_they_have(alice: User) -> None:
    assert allowed(alice, scopes=["admin"]) == set(Permission) - ADMINISTRATORS_ONLY


def test_a_token_for_some_containers_may_nothing_about_the_whole_site(admin: User) -> None:
    assert allowed(admin, containers=["web-1"]) == set(Permission) - SITE_WIDE


@pytest.mark.parametrize(
    ("token", "is_admin"),
    [({}, True), ({"name": "x"}, True), ({"scopes": ["admin"]}, True), ({"scopes": ["power"]}, False)],
)
def test_an_actor_is_administrator_as_far_as_the_token_is(admin: User, token: dict[str, Any], is_admin: bool) -> None:
    assert actor(admin, **token).is_admin is is_admin


def test_a_token_reaches_only_its_containers(admin: User) -> None:
    limited = actor(admin, containers=["web-1"])

    assert limited.reaches("web-1")
    assert not limited.reaches("web-2")
    assert not limited.is_admin


def test_what_is_required_and_missing_is_named(alice: User) -> None:
    with pytest.raises(Forbidden, match="ports"):
        require(actor(alice), Permission.PORTS)


def test_an_event_names_user_and_token(alice: User) -> None:
    assert actor(alice).name == "alice"
    assert actor(alice, name="deploy").name == "alice (token deploy)"
