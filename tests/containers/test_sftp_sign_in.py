"""Who is let in by SFTP, with what, and for how long."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import throttle
from accounts.models import AuditEntry, FailedAttempts, User
from containers.models import Container, Grant, SftpKey
from containers.sftp import credentials, host_key, sign_in
from containers.sftp.sign_in import Guest
from containers.sftp.visits import rights_of
from rules.errors import LightdError, TooMany, Unauthenticated
from tests.at_once import at_once
from tests.people import actor

PASSWORD = "correct-horse-battery"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBDtOcRe7DNZa/1YRpWZm3eUnBNasCj2IzQJVtsGU19j"
FINGERPRINT = "SHA256:yKia4MfIxqRpkAjFp+0pG1jXpNT9edqPd1bHaJ1+zGk"


pytestmark = pytest.mark.usefixtures("quick_passwords")


@pytest.fixture
def bobs(container: Container, bob: User) -> Grant:
    """Bob may read and write, and has a password and a key."""
    grant = Grant.objects.create(container=container, user=bob, permissions=["files.read", "files.write"])
    credentials.make(actor(bob), "web-1", password=PASSWORD)
    credentials.add_key(actor(bob), "web-1", KEY)
    return grant


def by_password(username: str = "bob.web-1", password: str = PASSWORD, address: str = "192.0.2.7") -> Guest:
    return sign_in.by_password(username, password, address)


def by_key(username: str = "bob.web-1") -> Guest:
    return sign_in.by_key(username, FINGERPRINT, "192.0.2.7")


def test_a_password_and_a_key_let_in(bobs: Grant, bob: User) -> None:
    for guest in (by_password(), by_key()):
        assert (guest.actor.user, guest.actor.via, guest.actor.address) == (bob, "sftp", "192.0.2.7")
        assert guest.may_write


def test_wrong_ones_do_not(bobs: Grant, alice: User) -> None:
    credentials.add_key(actor(alice), "web-1", KEY)  # no password
    for username, password in (("bob.web-1", "wrong"), ("nobody", PASSWORD), ("alice.web-1", ""), ("bob", PASSWORD)):
        with pytest.raises(Unauthenticated):
            by_password(username, password)
    with pytest.raises(Unauthenticated):
        sign_in.by_key("bob.web-1", "SHA256:other", "192.0.2.7")
    with pytest.raises(Unauthenticated):
        by_key("nobody")


def test_who_is_not_let_in_is_in_the_audit_trail(bobs: Grant) -> None:
    for username in ("bob.web-1", PASSWORD):
        with pytest.raises(Unauthenticated):
            by_password(username, "wrong")

    refused = AuditEntry.objects.filter(action="session.start", outcome="refused").order_by("id")
    assert list(refused.values_list("username", "via", "address")) == [
        ("bob", "sftp", "192.0.2.7"),
        ("", "sftp", "192.0.2.7"),
    ]


def test_guesses_are_counted_by_account(bobs: Grant) -> None:
    for number in range(5):
        with pytest.raises(Unauthenticated):
            by_password(password="wrong", address=f"192.0.2.{number}")

    with pytest.raises(TooMany, match="Too many failed attempts; try again in 15 minutes"):
        by_password()
    by_key()  # whoever guesses locks nobody's key out


def test_and_by_address(bobs: Grant) -> None:
    for number in range(20):
        with pytest.raises(Unauthenticated):
            by_password(f"nobody-{number}", "wrong")

    with pytest.raises(TooMany):
        by_password()
    by_password(address="192.0.2.8")


def test_they_lock_nobody_out_of_the_site(bobs: Grant, bob: User) -> None:
    with pytest.raises(Unauthenticated):
        by_password("bob", "wrong")

    counted = set(FailedAttempts.objects.values_list("key", flat=True))
    assert not [key for key in counted if key.startswith(throttle.passwords_of("bob").key)]


def take_back(grant: Grant) -> None:
    grant.delete()


def read_no_more(grant: Grant) -> None:
    Grant.objects.filter(pk=grant.pk).update(permissions=["files.write", "power"])


def make_inactive(grant: Grant) -> None:
    User.objects.filter(pk=grant.user_id).update(is_active=False)


def delete_container(grant: Grant) -> None:
    grant.container.delete()


def delete_credentials(grant: Grant) -> None:
    credentials.end(actor(grant.user), "web-1")


@pytest.mark.parametrize("change", [take_back, read_no_more, make_inactive, delete_container, delete_credentials])
def test_a_right_that_ends_ends_the_visit_and_lets_nobody_in(bobs: Grant, change: Callable[[Grant], None]) -> None:
    guests = {by_password(), by_key()}
    assert all(rights_of(guests).may_stay(guest) for guest in guests)

    change(bobs)

    rights = rights_of(guests)
    assert not any(rights.may_stay(guest) for guest in guests)
    for enter in (by_password, by_key):
        with pytest.raises(LightdError):
            enter()


def test_another_password_ends_those_that_came_with_the_old_one(bobs: Grant, bob: User) -> None:
    with_password, with_key = by_password(), by_key()

    credentials.make(actor(bob), "web-1")

    rights = rights_of({with_password, with_key})
    assert (rights.may_stay(with_password), rights.may_stay(with_key)) == (False, True)


def test_a_removed_key_ends_those_that_came_with_it(bobs: Grant, bob: User) -> None:
    with_password, with_key = by_password(), by_key()

    credentials.remove_key(actor(bob), "web-1", str(SftpKey.objects.get().pk))

    rights = rights_of({with_password, with_key})
    assert (rights.may_stay(with_password), rights.may_stay(with_key)) == (True, False)


def test_an_administrator_no_longer_comes_again_as_what_they_are(bobs: Grant, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_superuser=True)
    guest = by_key()
    assert rights_of({guest}).may_stay(guest)

    User.objects.filter(pk=bob.pk).update(is_superuser=False)

    rights = rights_of({guest})
    assert not rights.may_stay(guest)
    assert not rights.may_write(guest)
    assert not by_key().actor.user.is_superuser


def test_who_may_no_longer_write_may_stay(bobs: Grant) -> None:
    guest = by_key()

    Grant.objects.filter(pk=bobs.pk).update(permissions=["files.read"])

    rights = rights_of({guest})
    assert (rights.may_stay(guest), rights.may_write(guest)) == (True, False)
    assert not by_key().may_write


def test_the_rights_of_many_cost_as_much_as_those_of_few(
    bobs: Grant, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    credentials.add_key(actor(alice), "web-1", KEY)
    guests = {by_password(), by_key(), by_key("alice.web-1")}

    with django_assert_num_queries(5):
        rights = rights_of(guests)

    assert all(rights.may_stay(guest) and rights.may_write(guest) for guest in guests)


# --- The server's own key -----------------------------------------------------


@pytest.fixture
def storage_root(tmp_path: Path, settings: Settings) -> Path:
    settings.STORAGE_ROOT = tmp_path
    return tmp_path


def test_the_host_key_is_made_once_and_for_nobody_else(storage_root: Path) -> None:
    assert host_key.fingerprint() is None

    key = host_key.prepare()

    before, shown = key.read_bytes(), host_key.fingerprint()
    assert key.stat().st_mode & 0o777 == 0o600
    host_key.prepare()
    assert (key.read_bytes(), host_key.fingerprint()) == (before, shown)
    assert sorted(path.name for path in storage_root.iterdir()) == ["sftp_host_key", "sftp_host_key.pub"]


def test_of_two_servers_that_start_at_once_both_have_the_same(storage_root: Path) -> None:
    keys = at_once(lambda _: host_key.prepare().read_bytes(), 8)

    assert len(set(keys)) == 1
