"""How many sockets there may be."""

import asyncio
from uuid import uuid4

import pytest
from pytest_django import Settings

from containers.sockets.places import LOOKED_UP, WAITING, Places
from rules.errors import TooMany

WEB, GAME = uuid4(), uuid4()


def test_a_user_has_so_many_and_gets_a_new_one_for_each_that_is_closed(settings: Settings) -> None:
    settings.SOCKETS_PER_USER = 2
    places = Places()
    first, _ = places.take(1, WEB), places.take(1, GAME)

    with pytest.raises(TooMany, match="You already have 2 sockets open"):
        places.take(1, WEB)
    places.take(2, WEB)
    first()
    places.take(1, WEB)


def test_a_container_has_so_many(settings: Settings) -> None:
    settings.SOCKETS_PER_CONTAINER = 2
    places = Places()
    places.take(1, WEB)
    places.take(2, WEB)

    with pytest.raises(TooMany, match="The container already has 2 sockets open"):
        places.take(3, WEB)
    places.take(3, GAME)


async def test_few_of_an_address_are_looked_up_at_once_and_no_crowd_waits() -> None:
    places = Places()
    looked_up = 0
    most = 0
    refused = 0
    go_on = asyncio.Event()

    async def come() -> None:
        nonlocal looked_up, most, refused
        try:
            async with places.at_the_door("198.51.100.7"):
                looked_up += 1
                most = max(most, looked_up)
                await go_on.wait()
                looked_up -= 1
        except TooMany:
            refused += 1

    crowd = [asyncio.create_task(come()) for _ in range(WAITING + 50)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (looked_up, refused) == (LOOKED_UP, 50)
    async with places.at_the_door("203.0.113.7"):
        pass  # another address does not wait for them
    go_on.set()
    await asyncio.gather(*crowd)
    assert most == LOOKED_UP

    async with asyncio.timeout(5), places.at_the_door("198.51.100.7"):
        pass
