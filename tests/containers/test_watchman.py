"""Whoever's right has ended loses the connection, also where something goes wrong with another one's."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from functools import partial
from uuid import uuid4

import pytest
import pytest_asyncio
from django.db import InterfaceError

from accounts.models import User
from accounts.permissions import Permission
from containers import access
from containers.sockets.watchman import Part, Ward, Watchman, over
from rules.errors import LightdError

pytestmark = pytest.mark.django_db(transaction=True)

SOON = 5  # seconds


@pytest_asyncio.fixture
async def watchman() -> AsyncIterator[Watchman]:
    watchman = Watchman()
    yield watchman
    for ward in set().union(*watchman._wards.values()):
        watchman.dismiss(ward)
    assert not watchman._wards
    if watchman._round:
        await asyncio.wait_for(watchman._round, SOON)


def rightless(end: Callable[[LightdError], Awaitable[None]]) -> Ward:
    """Opened with a token that there is none of."""
    return Ward(uuid4(), access.Claim(0, uuid4(), Permission.VIEW), end)


def noting() -> tuple[asyncio.Event, Ward]:
    ended = asyncio.Event()

    async def end(why: LightdError) -> None:
        ended.set()

    return ended, rightless(end)


async def broken(why: LightdError) -> None:
    raise RuntimeError("the connection is half gone")


async def hanging(why: LightdError) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("end", [broken, hanging])
async def test_one_that_cannot_be_closed_keeps_no_other_open(
    watchman: Watchman, end: Callable[[LightdError], Awaitable[None]]
) -> None:
    ended, ward = noting()
    watchman.watch(rightless(end))
    watchman.watch(ward)
    await asyncio.wait_for(ended.wait(), SOON)

    ended, later = noting()
    watchman.watch(later)

    await asyncio.wait_for(ended.wait(), SOON)


async def test_a_database_that_is_away_for_a_moment_ends_no_watch(
    watchman: Watchman, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    really = access.still

    def away_at_first(claims: set[access.Claim]) -> set[access.Claim]:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise InterfaceError("connection already closed")
        return really(claims)

    monkeypatch.setattr(access, "still", away_at_first)
    ended, ward = noting()

    watchman.watch(ward)

    await asyncio.wait_for(ended.wait(), SOON)
    assert asked == 2


async def test_what_many_connections_have_is_asked_once(
    watchman: Watchman, monkeypatch: pytest.MonkeyPatch, alice: User
) -> None:
    """A browser with a hundred tabs, each with the list of all containers."""
    asked: list[int] = []

    def noted(parts: Collection[Part]) -> dict[Part, LightdError]:
        asked.append(len(parts))
        return over(parts)

    monkeypatch.setattr("containers.sockets.watchman.over", noted)
    told: list[LightdError] = []
    all_told = asyncio.Event()

    async def end(why: LightdError) -> None:
        told.append(why)
        if len(told) == 200:
            all_told.set()

    ids = [uuid4() for _ in range(10)]
    for tab in [partial(end) for _ in range(20)]:
        for container_id in ids:
            watchman.watch(Ward("signed out", access.Claim(alice.pk, container_id, Permission.VIEW), tab))

    await asyncio.wait_for(all_told.wait(), SOON)

    assert asked == [1 + len(ids)]  # the session and the claims
    assert {str(why) for why in told} == {"You are signed out"}
