import time
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken, User
from rules.errors import Unauthenticated
from tests.at_once import at_once
from tests.people import client_of


def age(token: ApiToken, span: timedelta) -> None:
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - span)


def test_a_good_secret_gives_its_token_and_owner(alice: User) -> None:
    token, secret = tokens.issue(alice)

    assert tokens.authenticate(secret) == token
    assert tokens.authenticate(secret).owner == alice


def test_a_secret_that_shares_only_the_prefix_is_invalid(alice: User) -> None:
    _, secret = tokens.issue(alice)

    with pytest.raises(Unauthenticated, match="Invalid token"):
        tokens.authenticate(secret[:-1] + ("a" if secret[-1] != "a" else "b"))


@pytest.mark.parametrize("secret", ["", "lightd_", "password", "lightd_" + "é" * 40, "lightd_\x00"])
def test_what_is_no_secret_is_invalid(alice: User, secret: str) -> None:
    with pytest.raises(Unauthenticated, match="Invalid token"):
        tokens.authenticate(secret)


def test_an_expired_one_says_so(alice: User) -> None:
    token, secret = tokens.issue(alice, lifetime=timedelta(hours=1))
    age(token, timedelta(seconds=1))

    with pytest.raises(Unauthenticated, match="Token has expired"):
        tokens.authenticate(secret)
    assert token.pk not in tokens.alive({token.pk})


def test_one_of_a_deactivated_user_is_invalid(alice: User) -> None:
    token, secret = tokens.issue(alice)
    User.objects.update(is_active=False)

    with pytest.raises(Unauthenticated, match="Invalid token"):
        tokens.authenticate(secret)
    assert token.pk not in tokens.alive({token.pk})


def test_use_is_noted_at_most_once_a_minute(alice: User) -> None:
    token, secret = tokens.issue(alice)

    first = tokens.authenticate(secret).last_used_at
    tokens.authenticate(secret)
    token.refresh_from_db()
    noted = token.last_used_at

    assert first is None
    assert noted is not None
    ApiToken.objects.update(last_used_at=noted - timedelta(minutes=2))
    tokens.authenticate(secret)
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert token.last_used_at > noted - timedelta(minutes=1)


def test_long_dead_ones_are_forgotten_when_a_new_one_is_made(alice: User) -> None:
    old, _ = tokens.issue(alice, lifetime=timedelta(hours=1))
    recent, _ = tokens.issue(alice, lifetime=timedelta(hours=1))
    age(old, timedelta(days=8))
    age(recent, timedelta(days=1))

    new, _ = tokens.issue(alice)

    assert set(ApiToken.objects.all()) == {recent, new}


def test_a_user_has_not_more_than_so_many_and_dead_ones_give_way(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST", 2)
    dead, _ = tokens.issue(alice, lifetime=timedelta(hours=1))
    age(dead, timedelta(hours=2))
    kept, _ = tokens.issue(alice)
    client = client_of(alice)  # in the place of the dead one

    answer = client.post("/auth/tokens", {"name": "one more"})

    assert answer.status_code == 409
    assert answer.json() == {"error": "You already have 2 tokens, which is the most: revoke some first"}
    assert client.delete(f"/auth/tokens/{kept.pk}").status_code == 200
    assert client.post("/auth/tokens", {"name": "one more"}).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_of_ten_at_once_only_as_many_are_made_as_there_may_be(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST", 2)
    digest = tokens._digest

    def slowly(secret: str) -> str:
        time.sleep(0.05)  # between the count and the new one
        return digest(secret)

    monkeypatch.setattr(tokens, "_digest", slowly)

    at_once(lambda _: tokens.issue(alice), 10)

    assert ApiToken.objects.count() == 2
