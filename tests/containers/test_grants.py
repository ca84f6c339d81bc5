"""Single permissions on a container, given to another user."""

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts import users
from accounts.models import AuditEntry, User
from accounts.permissions import OF_A_CONTAINER, Permission
from containers import access, grants
from containers.models import Container
from rules.errors import Forbidden, Invalid, NotFound
from tests.people import actor, client_of, container_of


def share(container: Container, user: User, *permissions: Permission) -> None:
    grants.give(actor(container.owner), container.internal_id, user.username, permissions)


def granted(user: User, container: Container) -> set[Permission]:
    seen = access.visible(actor(user)).filter(pk=container.pk).first()
    return {each for each in Permission if seen and access.may(actor(user), each, seen) and each in OF_A_CONTAINER}


def test_a_stranger_sees_nothing(bob: User, container: Container) -> None:
    with pytest.raises(NotFound):
        access.find(actor(bob), "web-1", Permission.VIEW)


@pytest.mark.parametrize("permission", sorted(OF_A_CONTAINER))
def test_a_grant_is_that_permission_and_to_see(bob: User, container: Container, permission: Permission) -> None:
    share(container, bob, permission)

    assert granted(bob, container) == {permission, Permission.VIEW}
    with pytest.raises(Forbidden):
        access.find(actor(bob), "web-1", Permission.DELETE if permission != Permission.DELETE else Permission.POWER)


def test_it_is_good_for_one_container(alice: User, bob: User, container: Container) -> None:
    other = container_of(alice, "web-2")
    share(container, bob, Permission.POWER)

    assert list(access.visible(actor(bob))) == [container]
    assert granted(bob, other) == set()


def test_a_token_narrows_it(bob: User, container: Container) -> None:
    share(container, bob, Permission.POWER, Permission.CONSOLE_READ)

    found = access.find(actor(bob, scopes=["power"]), "web-1", Permission.POWER)
    assert found == container
    with pytest.raises(Forbidden):
        access.find(actor(bob, scopes=["power"]), "web-1", Permission.CONSOLE_READ)


def test_nobody_shares_what_they_do_not_have(alice: User, bob: User, admin: User, container: Container) -> None:
    share(container, bob, Permission.SHARE, Permission.POWER)
    carol = User.objects.create_user("carol")

    grants.give(actor(bob), "web-1", "carol", [Permission.POWER])
    assert granted(carol, container) == {Permission.POWER, Permission.VIEW}

    with pytest.raises(Forbidden, match=r"console\.read"):
        grants.give(actor(bob), "web-1", "carol", [Permission.POWER, Permission.CONSOLE_READ])
    assert granted(carol, container) == {Permission.POWER, Permission.VIEW}


def test_nor_takes_from_who_has_more(bob: User, container: Container) -> None:
    carol = User.objects.create_user("carol")
    share(container, bob, Permission.SHARE)
    share(container, carol, Permission.POWER)

    with pytest.raises(Forbidden, match="carol has more"):
        grants.take_back(actor(bob), "web-1", "carol")
    with pytest.raises(Forbidden, match="carol has more"):
        grants.give(actor(bob), "web-1", "carol", [Permission.SHARE])
    assert granted(carol, container) == {Permission.POWER, Permission.VIEW}


@pytest.mark.parametrize(("username", "sentence"), [("nobody", "no such user"), ("alice", "owns the container")])
def test_a_grant_needs_somebody_else(container: Container, username: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        grants.give(actor(container.owner), "web-1", username, [Permission.POWER])


def test_what_is_about_the_whole_site_is_not_granted(bob: User, container: Container) -> None:
    answer = client_of(container.owner).put(
        "/containers/web-1/grants/bob", {"permissions": ["power", "admin"]}, format="json"
    )

    assert answer.status_code == 400
    assert granted(bob, container) == set()


def test_through_the_api(bob: User, container: Container) -> None:
    owner = client_of(container.owner)

    given = owner.put("/containers/web-1/grants/bob", {"permissions": ["power", "view"]}, format="json")
    assert given.status_code == 200
    assert given.json()["permissions"] == ["power", "view"]
    assert [row["username"] for row in owner.get("/containers/web-1/grants").json()["grants"]] == ["bob"]
    assert client_of(bob).get("/containers/web-1/grants").status_code == 403

    assert owner.delete("/containers/web-1/grants/bob").json() == {"message": "Grant taken back"}
    assert client_of(bob).get("/containers/web-1").status_code == 404
    assert owner.delete("/containers/web-1/grants/bob").status_code == 404


def test_the_audit_trail_has_what_was_before_and_after(bob: User, container: Container) -> None:
    share(container, bob, Permission.POWER)
    share(container, bob, Permission.VIEW)

    entry = AuditEntry.objects.first()
    assert entry is not None
    assert (entry.action, entry.target) == ("grant.give", "web-1")
    assert (entry.before, entry.after) == ({"bob": ["power"]}, {"bob": ["view"]})


def test_finding_a_container_costs_one_query(
    bob: User, container: Container, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    share(container, bob, Permission.POWER)
    someone = actor(bob)

    with django_assert_num_queries(1):
        access.find(someone, "web-1", Permission.POWER)


def test_a_request_costs_two_queries_for_who_and_whether(
    bob: User, container: Container, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    share(container, bob, Permission.VIEW)
    client = client_of(bob)
    client.get("/containers/web-1")  # notes the token's use, once a minute

    with django_assert_num_queries(3):  # and one for its ports
        assert client.get("/containers/web-1").status_code == 200


def test_still_is_what_has_says(alice: User, bob: User, admin: User, container: Container) -> None:
    share(container, bob, Permission.POWER)
    everyone = (alice, bob, admin)

    def hold(permission: Permission) -> set[User]:
        held = access.still({access.Claim(user.pk, container.pk, permission) for user in everyone})
        return {user for user in everyone if access.Claim(user.pk, container.pk, permission) in held}

    assert hold(Permission.POWER) == hold(Permission.VIEW) == {alice, bob, admin}
    assert hold(Permission.CONSOLE_READ) == {alice, admin}

    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert hold(Permission.POWER) == {bob, admin}


@pytest.mark.parametrize("permission", [Permission.VIEW, Permission.POWER])
def test_who_came_as_an_administrator_and_is_none_any_more_holds_nothing(
    admin: User, container: Container, permission: Permission
) -> None:
    share(container, admin, permission)
    came = access.Claim(admin.pk, container.pk, permission, as_administrator=True)
    assert access.still({came}) == {came}

    users.set_role(actor(User.objects.create_superuser("other")), admin, administrator=False)

    assert access.still({came}) == set()
    comes_again = came._replace(as_administrator=False)
    assert access.still({comes_again}) == {comes_again}
