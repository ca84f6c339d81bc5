"""One server for all attacks, with limits small enough to reach."""

from collections.abc import Iterator

import pytest

from tests.answers import found
from tests.e2e.server import Lightd
from tests.e2e.serving import serving
from tests.engine import Engine

REQUEST_TIMEOUT = 4  # seconds
PIDS_LIMIT = 64
MAX_UPLOAD = 200 << 20  # bytes


@pytest.fixture(scope="session")
def attacked(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lightd]:
    """Leave it as well as it was: every test begins and ends with a server that answers."""
    limits = {
        "LIGHTD_REQUEST_TIMEOUT": str(REQUEST_TIMEOUT),
        "LIGHTD_ADDRESS_RATE": "0",  # all come from one address here
        "LIGHTD_TOKEN_RATE": "0",
        "LIGHTD_CONTAINER_PIDS_LIMIT": str(PIDS_LIMIT),
        "LIGHTD_IMAGES_ALLOW": "docker.io/library",
        "LIGHTD_CRASH_LIMIT": "0",
        "LIGHTD_MAX_UPLOAD": str(MAX_UPLOAD),
    }
    with serving(Lightd(tmp_path_factory.mktemp("attacked"), engine, limits)) as running:
        yield running


@pytest.fixture(autouse=True)
def _answers_before_and_after(attacked: Lightd) -> Iterator[None]:
    assert attacked.http.get("/api/v1/public/ping").status_code == 200
    yield
    assert attacked.http.get("/api/v1/public/ping").status_code == 200
    assert attacked.http.get("/containers").status_code == 200


def token_of_new_user(lightd: Lightd, name: str) -> str:
    """Of a user who is no administrator."""
    code = f"from accounts.models import User; from accounts import tokens; u = User.objects.create_user({name!r})"
    return found(r"lightd_\w{32,}", lightd.manage("shell", "-c", f"{code}; print(tokens.issue(u)[1])"))
