import logging
import signal
from collections.abc import Iterator

import docker
import hypothesis
import pytest
from django.core.cache import cache
from pytest_django import Settings

from lightd_site.wall import rates
from tests.engine import Engine, engine_for_tests, prepared

pytest_plugins = ["tests.order", "tests.people", "tests.e2e.serving", "tests.e2e.registry"]

# Begun in the background of a shell that has no job control, we ignore Ctrl-C, and so would every server of the tests.
signal.signal(signal.SIGINT, signal.default_int_handler)

# One example has no time of its own: a machine that is busy elsewhere would fail it. The whole test has.
hypothesis.settings.register_profile("ours", deadline=None)
hypothesis.settings.load_profile("ours")

logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each request hides the server's own


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "engine" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.engine)


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> None:
    """No test is refused for what others asked from the same address, or shown what their containers use."""
    rates.rates.cache_clear()
    cache.clear()


@pytest.fixture
def quick_passwords(settings: Settings) -> None:
    """For tests that are not about how a password is hashed: Argon2 takes a tenth of a second."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture(autouse=True)
def _volumes_are_directories(settings: Settings) -> None:
    """Without a file system of their own, which takes longer to make; who tests those says so."""
    settings.VOLUMES = "directories"


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """A real Docker engine that holds the image ``debian:bookworm``. Without one a test fails; it never skips."""
    with prepared(engine_for_tests()) as engine:
        yield engine


@pytest.fixture(scope="session")
def engine_url(engine: Engine) -> str:
    return engine.url


@pytest.fixture(scope="session")
def docker_client(engine: Engine) -> Iterator[docker.APIClient]:
    client = engine.client()
    yield client
    client.close()
