"""Guessing passwords: five for an account, twenty from an address, in a quarter of an hour."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import throttle
from accounts.models import FailedAttempts, User
from rules.errors import Invalid, TooMany
from tests.accounts.conftest import PASSWORD
from tests.answers import Answer
from tests.at_once import at_once

pytestmark = pytest.mark.usefixtures("carol")


def attempt(username: str = "carol", password: str = "wrong", address: str = "192.0.2.1") -> Answer:
    return Client().post(
        "/account/sign-in", {"username": username, "password": password}, REMOTE_ADDR=address, HTTP_ACCEPT="text/html"
    )


def exhaust(username: str = "carol") -> None:
    for _ in range(throttle.PER_ACCOUNT):
        assert attempt(username).status_code == 400


def test_the_right_password_no_longer_helps_and_the_page_says_until_when() -> None:
    exhaust()

    answer = attempt(password=PASSWORD, address="198.51.100.7")

    assert answer.status_code == 429
    assert "Too many failed attempts; try again in 15 minutes" in answer.content.decode()
    assert 0 < int(answer["Retry-After"]) <= 901


def test_it_does_when_the_time_is_up() -> None:
    exhaust()
    FailedAttempts.objects.update(ends_at=timezone.now() - timedelta(seconds=1))

    assert attempt(password=PASSWORD).status_code == 302


def test_the_admins_door_is_the_same() -> None:
    exhaust()

    answer = Client().post("/admin/login/", {"username": "carol", "password": PASSWORD}, follow=True)

    assert answer.status_code == 405
    assert attempt(password=PASSWORD).status_code == 429


@pytest.mark.parametrize("spelled", ["CAROL", " carol "])
def test_another_spelling_is_the_same_account(spelled: str) -> None:
    exhaust()

    assert attempt(spelled).status_code == 429


def test_an_account_that_does_not_exist_is_locked_the_same() -> None:
    exhaust("nobody")

    assert attempt("nobody").status_code == 429
    assert attempt(password=PASSWORD).status_code == 302


def test_a_success_forgives_the_failures_of_the_account() -> None:
    for _ in range(3):
        for _ in range(throttle.PER_ACCOUNT - 1):
            assert attempt().status_code == 400
        assert attempt(password=PASSWORD, address="198.51.100.7").status_code == 302


def test_an_address_that_tries_many_accounts_is_locked_and_others_are_not() -> None:
    for number in range(throttle.PER_ADDRESS):
        assert attempt(f"user{number}").status_code == 400

    assert attempt(password=PASSWORD).status_code == 429
    assert attempt(password=PASSWORD, address="192.0.2.2").status_code == 302


def test_tries_at_a_locked_account_lock_nobody_else_of_the_address(carol: User) -> None:
    for _ in range(throttle.PER_ADDRESS):
        attempt("nobody")

    assert attempt(password=PASSWORD).status_code == 302


def test_ones_own_success_does_not_forgive_the_failures_of_the_address() -> None:
    for number in range(throttle.PER_ADDRESS):
        assert attempt(f"user{number}").status_code == 400
        if number < throttle.PER_ADDRESS - 1:
            assert attempt(password=PASSWORD).status_code == 302

    assert attempt(password=PASSWORD).status_code == 429


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_an_ipv6_network_counts_as_one_address(one: str, other: str, same: bool) -> None:
    assert (throttle.attempts_from(one) == throttle.attempts_from(other)) is same


def test_who_is_locked_out_elsewhere_still_signs_in_with_a_known_browser() -> None:
    known = Client(REMOTE_ADDR="198.51.100.7")
    form = {"username": "carol", "password": PASSWORD}
    assert known.post("/account/sign-in", form).status_code == 302
    known.post("/account/sign-out")
    exhaust()

    assert attempt(password=PASSWORD, address="198.51.100.7").status_code == 429
    assert known.post("/account/sign-in", form).status_code == 302


def test_a_known_browser_is_limited_too_and_known_to_its_own_account_only() -> None:
    User.objects.create_user("dora", password=PASSWORD)
    known = Client(REMOTE_ADDR="198.51.100.7")
    assert known.post("/account/sign-in", {"username": "carol", "password": PASSWORD}).status_code == 302
    known.post("/account/sign-out")
    exhaust("dora")

    assert known.post("/account/sign-in", {"username": "dora", "password": PASSWORD}).status_code == 429
    guesses = [known.post("/account/sign-in", {"username": "carol", "password": "wrong"}) for _ in range(6)]
    assert [answer.status_code for answer in guesses] == [400] * 5 + [429]


@pytest.mark.parametrize("forged", ["x", "x.y:z", "", "a" * 5000])
def test_a_forged_one_is_not_known(forged: str) -> None:
    exhaust()
    client = Client()
    client.cookies["known_browser"] = forged

    assert client.post("/account/sign-in", {"username": "carol", "password": PASSWORD}).status_code == 429


def test_what_was_typed_as_a_name_is_not_stored() -> None:
    attempt("my-secret-password")

    assert "my-secret" not in str(list(FailedAttempts.objects.values()))


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_no_more_are_checked_than_one_after_another() -> None:
    def guess(_: int) -> str:
        try:
            with throttle.attempt(throttle.passwords_of("carol")):
                raise Invalid("wrong")
        except (Invalid, TooMany) as error:
            return type(error).__name__

    outcomes = at_once(guess, 20)

    assert outcomes.count("Invalid") == throttle.PER_ACCOUNT
    assert outcomes.count("TooMany") == 20 - throttle.PER_ACCOUNT
