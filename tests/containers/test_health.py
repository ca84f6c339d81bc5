"""What is said of the whole, also by a site whose database is away."""

from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from django.db import OperationalError, connection
from django.test import Client

from accounts.models import User
from containers import health
from containers.models import Heartbeat
from tests.people import client_of, client_with

LIVE, READY = "/health/live", "/health/ready"
WITHOUT_DATABASE = {
    "error": "Not well: database, engine, workers, supervisor",
    "status": "degraded",
    "database": "unreachable: OperationalError",
    "engine": "unknown: no database",
    "workers": "unknown: no database",
    "supervisor": "unknown: no database",
}


@pytest.fixture
def database_away() -> Iterator[None]:
    """From here on; whoever has a token already keeps it."""

    def refuse(*_: Any) -> NoReturn:
        raise OperationalError("connection refused")

    with connection.execute_wrapper(refuse):
        yield


@pytest.fixture
def token(alice: User) -> Any:
    return client_of(alice)


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    return client


@pytest.mark.parametrize("client", ["token", "browser"])
def test_without_the_database_the_process_is_up_all_the_same(client: str, request: pytest.FixtureRequest) -> None:
    who = request.getfixturevalue(client)
    request.getfixturevalue("database_away")

    answer = who.get(LIVE)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("client", ["token", "browser"])
def test_without_the_database_it_is_not_ready_and_says_why(client: str, request: pytest.FixtureRequest) -> None:
    who = request.getfixturevalue(client)
    request.getfixturevalue("database_away")

    answer = who.get(READY)

    assert answer.status_code == 503
    assert answer.json() == WITHOUT_DATABASE


def test_a_database_that_goes_while_it_is_asked_is_named_too(token: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def wait_in_vain() -> NoReturn:
        raise OperationalError("connection refused")

    monkeypatch.setattr(Heartbeat.objects, "all", wait_in_vain)

    answer = token.get(READY)

    assert answer.json() == WITHOUT_DATABASE


@pytest.mark.parametrize("path", [LIVE, READY])
def test_nobody_else_is_answered(db: None, database_away: None, path: str) -> None:
    assert Client().get(path).status_code == 401
    assert client_with("made-up").get(path).status_code == 401


def test_no_other_route_answers_without_the_database(token: Any, database_away: None) -> None:
    answer = token.get("/containers")

    assert (answer.status_code, answer.json()) == (503, {"error": "The database is busy; try again"})


def test_with_the_database_both_ask_who_it_is(db: None) -> None:
    for path in (LIVE, READY):
        assert client_with("lightd_" + "x" * 40).get(path).status_code == 401


def test_all_are_well_who_report(token: Any) -> None:
    assert token.get(READY).json()["supervisor"] == "the supervisor never reported"
    for role in ("power", "installs"):
        health.beat(role, {})
    health.beat("supervisor", {"engine": health.OK})

    answer = token.get(READY)

    assert answer.status_code == 200
    assert set(answer.json().values()) == {"ok"}
