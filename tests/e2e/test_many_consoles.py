"""More containers than an HTTP client opens connections by itself: each console holds one, the stopped ones' too."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import docker
import pytest
import pytest_asyncio
from pytest_django import Settings

from containers.engine.watch import AsyncEngine
from tests.engine import IMAGE, Engine

MANY = 120


@pytest.fixture
def containers(docker_client: docker.APIClient) -> Iterator[list[str]]:
    config = docker_client.create_host_config()
    made = [
        docker_client.create_container(IMAGE, "true", tty=True, stdin_open=True, host_config=config)["Id"]
        for _ in range(MANY)
    ]
    yield made
    for one in made:
        docker_client.remove_container(one, force=True)


@pytest_asyncio.fixture
async def asking(engine: Engine, settings: Settings) -> AsyncIterator[AsyncEngine]:
    settings.ENGINE_URL = engine.url
    asking = AsyncEngine("none")
    yield asking
    await asking.close()


async def test_the_engine_answers_while_many_consoles_are_held(containers: list[str], asking: AsyncEngine) -> None:
    async with AsyncExitStack() as held:
        for one in containers:
            await held.enter_async_context(asking.attached(one))

        async with asyncio.timeout(30):
            info = await asking.inspect(containers[-1])

    assert not info.running
