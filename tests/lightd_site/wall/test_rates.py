"""Who asks too often is told when to come back, and nobody else is hurt."""

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from tests.people import client_of, client_with

WRONG = "lightd_" + "x" * 40


def from_address(client: APIClient, address: str) -> APIClient:
    client.defaults["REMOTE_ADDR"] = address
    return client


def statuses(client: APIClient, number: int) -> list[int]:
    return [client.get("/auth/tokens").status_code for _ in range(number)]


@pytest.fixture(autouse=True)
def _long_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """No window ends within a test."""
    monkeypatch.setattr("lightd_site.wall.rates.WINDOW", 10**9)
    monkeypatch.setattr("lightd_site.wall.rates.WRONG_WINDOW", 10**9)


def test_a_token_that_asks_too_often_is_told_when_to_come_back(alice: User, bob: User, settings: Settings) -> None:
    settings.TOKEN_RATE = 3
    client = client_of(alice)

    assert statuses(client, 4) == [200, 200, 200, 429]
    answer = client.get("/auth/tokens")
    assert answer["Content-Type"] == "application/json"
    assert 0 < int(answer["Retry-After"]) <= 10**9
    assert answer.json() == {"error": f"Too many requests with this token; try again in {answer['Retry-After']} s"}
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert statuses(client_of(bob), 1) == [200]  # the same address, another token


def test_a_session_is_counted_like_a_token(client: Client, alice: User, settings: Settings) -> None:
    settings.TOKEN_RATE = 2
    client.force_login(alice)

    answers = [client.get("/auth/tokens", headers={"Accept": "application/json"}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["error"].startswith("Too many requests from your session; try again in")


def test_an_address_that_asks_too_often_waits_with_all_its_tokens(alice: User, settings: Settings) -> None:
    settings.ADDRESS_RATE = 2

    assert statuses(client_of(alice), 2) == [200, 200]
    assert statuses(client_of(alice), 1) == [429]
    assert Client().get("/api/v1/public/ping").status_code == 429
    assert statuses(from_address(client_of(alice), "198.51.100.7"), 1) == [200]


def test_wrong_tokens_slow_their_address_down(alice: User, bob: User, settings: Settings) -> None:
    settings.WRONG_TOKEN_RATE = 3
    known, fresh = client_of(alice), client_of(bob)
    assert statuses(known, 1) == [200]

    assert statuses(client_with(WRONG), 4) == [401, 401, 401, 429]
    assert statuses(client_with(WRONG + "y"), 1) == [429]
    assert statuses(fresh, 1) == [429]  # nobody looks whether it is a good one
    assert statuses(known, 1) == [200]  # a neighbour goes on
    assert statuses(from_address(fresh, "198.51.100.7"), 1) == [200]


def test_wrong_tokens_of_an_address_keep_nobody_there_from_their_browser(
    client: Client, alice: User, settings: Settings
) -> None:
    settings.WRONG_TOKEN_RATE = 1
    client.force_login(alice)

    assert statuses(client_with(WRONG), 2) == [401, 429]
    assert client.get("/auth/tokens").status_code == 200


def test_a_public_route_makes_no_token_good(alice: User, settings: Settings) -> None:
    settings.WRONG_TOKEN_RATE = 1
    client_with(WRONG).get("/api/v1/public/ping")

    assert statuses(client_with(WRONG), 2) == [401, 429]


def test_no_limit_where_it_is_0(alice: User, settings: Settings) -> None:
    settings.TOKEN_RATE = settings.ADDRESS_RATE = settings.WRONG_TOKEN_RATE = 0

    assert set(statuses(client_with(WRONG), 20)) == {401}
