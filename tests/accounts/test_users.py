"""What administrators do to accounts, and what keeps them from shutting everybody out."""

from collections.abc import Callable
from typing import Any

import pytest
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import throttle, tokens, users
from accounts.actor import Actor
from accounts.models import AuditEntry, FailedAttempts, Session, User
from accounts.users import Quota
from rules.errors import Conflict, Forbidden, Invalid
from tests.at_once import at_once
from tests.people import actor, container_of

pytestmark = pytest.mark.usefixtures("quick_passwords")

PASSWORD = "correct horse battery staple"


def last() -> tuple[str, str, str]:
    entry = AuditEntry.objects.first()
    assert entry is not None
    return entry.action, entry.target, entry.outcome


def test_an_account_is_made(admin: User) -> None:
    user = users.create(actor(admin), "carol", email="carol@example.com", password=PASSWORD)

    assert (user.username, user.email, user.is_superuser, user.is_staff) == ("carol", "carol@example.com", False, False)
    assert user.check_password(PASSWORD)
    assert last() == ("user.create", "carol", "accepted")
    assert PASSWORD not in str(AuditEntry.objects.values())


def test_an_administrator_is_made(admin: User) -> None:
    user = users.create(actor(admin), "carol", password=PASSWORD, administrator=True)

    assert user.is_superuser
    assert user.is_staff


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("username", {"username": "admin"}),
        ("username", {"username": "no spaces"}),
        ("email", {"email": "nowhere"}),
        ("password", {"password": "short"}),
    ],
)
def test_what_is_wrong_with_an_account_is_said_of_its_field(admin: User, field: str, given: dict[str, str]) -> None:
    wanted: dict[str, Any] = {"username": "carol", "email": "", "password": PASSWORD, **given}

    with pytest.raises(Invalid) as refusal:
        users.create(actor(admin), **wanted)

    assert list(refusal.value.details or {}) == [field]
    assert User.objects.count() == 1


def test_a_generated_password_is_one_that_the_rules_take(admin: User) -> None:
    password = users.generated_password()

    assert users.create(actor(admin), "carol", password=password).check_password(password)


def test_roles_are_given_and_taken(admin: User, alice: User) -> None:
    users.set_role(actor(admin), alice, administrator=True)
    alice.refresh_from_db()
    assert (alice.is_superuser, alice.is_staff) == (True, True)

    users.set_role(actor(admin), alice, administrator=False)
    alice.refresh_from_db()
    assert (alice.is_superuser, alice.is_staff) == (False, False)
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert (entry.before, entry.after) == ({"administrator": True}, {"administrator": False})


def test_a_quota_is_recorded_where_it_changed(admin: User, alice: User) -> None:
    users.set_quota(actor(admin), alice, Quota(3, 2**30, None, None, 100, None))

    alice.refresh_from_db()
    assert Quota.of(alice) == Quota(3, 2**30, None, None, 100, None)
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert entry.before == {"max_containers": None, "max_memory": None}
    assert entry.after == {"max_containers": 3, "max_memory": 2**30}


def test_a_deactivated_user_is_signed_out_and_their_tokens_open_nothing(admin: User, alice: User) -> None:
    token, _ = tokens.issue(alice)
    session_of(alice)

    users.deactivate(actor(admin), alice)

    assert not alice.sessions.exists()
    assert tokens.alive([token.pk]) == set()
    users.activate(actor(admin), alice)
    assert tokens.alive([token.pk]) == {token.pk}


def test_a_given_password_is_good_at_once(admin: User, alice: User) -> None:
    session_of(alice)
    FailedAttempts.objects.create(key=throttle.passwords_of("alice").key, number=5, ends_at="2099-01-01T00:00:00+00:00")

    password = users.give_password(actor(admin), alice)

    alice.refresh_from_db()
    assert alice.check_password(password)
    assert not alice.sessions.exists()
    assert not FailedAttempts.objects.exists()


def test_a_second_factor_is_taken_away(admin: User, alice: User) -> None:
    TOTPDevice.objects.create(user=alice, name="app", confirmed=True)

    users.reset_two_factor(actor(admin), alice)

    assert not TOTPDevice.objects.exists()
    with pytest.raises(Conflict, match="alice has no second factor"):
        users.reset_two_factor(actor(admin), alice)


def test_everyone_is_signed_out_but_only_whom_it_is_about(admin: User, alice: User, bob: User) -> None:
    session_of(alice)
    session_of(bob)

    users.sign_out(actor(admin), alice)

    assert list(Session.objects.values_list("user__username", flat=True)) == ["bob"]


def test_who_owns_something_is_not_deleted(admin: User, alice: User) -> None:
    container_of(alice, "web-1")
    container_of(alice, "web-2")

    with pytest.raises(Conflict, match="alice still owns 2 containers and 2 volumes: delete them first"):
        users.delete(actor(admin), alice)

    assert User.objects.filter(username="alice").exists()
    assert last() == ("user.delete", "alice", "refused")


def test_who_owns_nothing_is(admin: User, alice: User) -> None:
    tokens.issue(alice)

    users.delete(actor(admin), alice)

    assert not User.objects.filter(username="alice").exists()
    assert last() == ("user.delete", "alice", "accepted")


SHUTS_OUT = {
    "demote": lambda by, user: users.set_role(by, user, administrator=False),
    "deactivate": users.deactivate,
    "delete": users.delete,
}


@pytest.mark.parametrize("change", SHUTS_OUT)
def test_the_last_administrator_stays(admin: User, change: str) -> None:
    with pytest.raises(Conflict, match="admin is the last administrator"):
        SHUTS_OUT[change](actor(admin), admin)

    admin.refresh_from_db()
    assert admin.is_superuser
    assert admin.is_active


@pytest.mark.parametrize("change", SHUTS_OUT)
def test_nobody_does_it_to_themselves(admin: User, change: str) -> None:
    User.objects.create_superuser("other")

    with pytest.raises(Conflict, match="your own account"):
        SHUTS_OUT[change](actor(admin), admin)


def test_an_inactive_administrator_is_none_that_is_left(admin: User) -> None:
    User.objects.create_superuser("other", is_active=False)

    with pytest.raises(Conflict, match="last administrator"):
        users.deactivate(actor(admin), admin)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_demote_each_other_at_once_one_stays() -> None:
    pair = [User.objects.create_superuser(name) for name in ("one", "other")]

    def demote(index: int) -> None:
        users.set_role(actor(pair[index]), pair[1 - index], administrator=False)

    answers = at_once(demote, 2)

    assert len([answer for answer in answers if answer is None]) == 1
    assert User.objects.filter(is_superuser=True).count() == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda by, user: users.everyone(by),
        lambda by, user: users.create(by, "carol", password=PASSWORD),
        lambda by, user: users.set_role(by, user, administrator=True),
        lambda by, user: users.set_quota(by, user, Quota(None, None, None, None, None, None)),
        users.deactivate,
        users.activate,
        users.give_password,
        users.sign_out,
        users.reset_two_factor,
        users.delete,
    ],
)
def test_it_is_for_administrators(alice: User, bob: User, change: Callable[[Actor, User], object]) -> None:
    with pytest.raises(Forbidden):
        change(actor(alice), bob)


def session_of(user: User) -> None:
    Session.objects.create(session_key=f"of {user}", user=user, expire_date="2099-01-01T00:00:00+00:00")
