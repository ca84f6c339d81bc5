"""What is looked at first when a console is opened, and whose token is remembered as a good one."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from pytest_django import Settings

from accounts import tokens
from accounts.models import ApiToken, User
from lightd_site.asgi import application
from lightd_site.wall.rates import rates
from rules.errors import TooMany
from tests.people import container_of

pytestmark = pytest.mark.django_db(transaction=True)

SOON = 5  # seconds
WRONG = "lightd_" + "x" * 40


@pytest.fixture(autouse=True)
def _long_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """No window ends within a test."""
    monkeypatch.setattr("lightd_site.wall.rates.WRONG_WINDOW", 10**9)


@pytest.fixture
def secret(alice: User) -> str:
    container_of(alice)
    return tokens.issue(alice)[1]


async def connect(secret: str, query: str = "", name: str = "web-1") -> Any:
    connection: Any = WebsocketCommunicator(application, f"/ws/{name}?token={secret}{query}")
    accepted, _ = await connection.connect(timeout=SOON)
    assert accepted
    return connection


async def closed_with(connection: Any) -> int:
    message = await connection.receive_output(timeout=SOON)
    assert message["type"] == "websocket.close"
    code: int = message["code"]
    return code


async def is_let_in(connection: Any) -> bool:
    await connection.send_json_to({"event": "request_logs"})
    answer: str = (await connection.receive_output(timeout=SOON))["type"]
    return answer == "websocket.send"


async def test_the_token_is_judged_before_the_cursor(secret: str) -> None:
    assert await closed_with(await connect(WRONG, "&since_seq=x")) == 4401
    assert await closed_with(await connect(secret, "&since_seq=x", name="web-2")) == 4404
    assert await closed_with(await connect(secret, "&since_seq=x")) == 4400


async def test_who_comes_by_socket_alone_comes_back_while_a_neighbour_guesses(
    secret: str, alice: User, settings: Settings
) -> None:
    settings.WRONG_TOKEN_RATE = 1
    fresh = (await sync_to_async(tokens.issue)(alice))[1]
    first = await connect(secret)
    assert await is_let_in(first)
    await first.disconnect()
    assert await closed_with(await connect(WRONG)) == 4401

    assert await closed_with(await connect(WRONG)) == 4429
    assert await closed_with(await connect(fresh)) == 4429  # nobody looks whether it is a good one
    again = await connect(secret)
    assert await is_let_in(again)
    await again.disconnect()


async def test_what_a_token_may_not_see_makes_it_no_worse(secret: str, settings: Settings) -> None:
    settings.WRONG_TOKEN_RATE = 1
    assert await closed_with(await connect(secret, name="web-2")) == 4404
    assert await closed_with(await connect(WRONG)) == 4401

    assert await closed_with(await connect(secret, name="web-2")) == 4404


async def test_one_that_is_revoked_while_nothing_was_said_was_no_guess(
    secret: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WRONG_TOKEN_RATE = 1
    is_good = asyncio.Event()
    monkeypatch.setattr(rates(), "note_good", lambda _: is_good.set())
    viewer = await connect(secret)
    await asyncio.wait_for(is_good.wait(), SOON)
    await sync_to_async(ApiToken.objects.all().delete)()

    assert await closed_with(viewer) == 4401

    assert await closed_with(await connect(WRONG)) == 4401


def test_those_in_use_are_remembered_longest(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.WRONG_TOKEN_RATE = 1
    monkeypatch.setattr("lightd_site.wall.rates.GOOD_TOKENS", 2)
    for secret in ("kept", "forgotten"):
        rates().note_good(secret)
    rates().admit("192.0.2.1", "kept", "")

    rates().note_good("new")
    rates().note_wrong("192.0.2.1")

    for secret in ("kept", "new"):
        rates().admit("192.0.2.1", secret, "")
    with pytest.raises(TooMany):
        rates().admit("192.0.2.1", "forgotten", "")
