"""Fixtures: a container, and the engine that our own process asks, for pages whose functions ask one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from containers.engine import client
from containers.models import Container
from tests.people import container_of


@pytest.fixture
def container(alice: User) -> Container:
    """Alice's, with nothing behind it."""
    return container_of(alice)


@pytest.fixture
def engine_here(settings: Settings, engine_url: str, tmp_path: Path) -> Iterator[None]:
    """A real one."""
    settings.STORAGE_ROOT = tmp_path
    yield from _asked(settings, engine_url)


@pytest.fixture
def engine_away(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """None."""
    yield from _asked(settings, f"unix://{tmp_path}/none.sock")


def _asked(settings: Settings, url: str) -> Iterator[None]:
    settings.ENGINE_URL = url
    client._client.cache_clear()
    yield
    client._client.cache_clear()
