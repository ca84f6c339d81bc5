"""Tokens that are wrong, expired or used up, and media types that are not served."""

import httpx
import pytest

from tests.e2e.server import MEDIA_TYPE, Lightd
from tests.e2e.test_bad_input.conftest import Neighbour
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("nothing_changes")


def create_as(lightd: Lightd, authorization: str) -> httpx.Response:
    headers = {b"Accept": MEDIA_TYPE.encode(), b"Authorization": authorization.encode()}
    return httpx.post(f"{lightd.url}/containers", json=lightd.body(), headers=headers, timeout=30)


def token(lightd: Lightd, **wanted: object) -> str:
    answer = lightd.http.post("/auth/tokens", json=wanted)
    assert answer.status_code == 201, answer.text
    return f"Bearer {answer.json()['token']}"


@pytest.mark.parametrize(
    ("authorization", "sentence"),
    [
        ("", "Authentication required"),
        ("Basic bGlnaHRkOng=", "Authentication required"),
        ("Bearer", "Invalid token"),
        ("Bearer lightd_token", "Invalid token"),
        (f"Bearer lightd_{'0' * 40}", "Invalid token"),
        ("Bearer ü", "Invalid token"),
    ],
)
def test_a_wrong_token(lightd: Lightd, authorization: str, sentence: str) -> None:
    answer = create_as(lightd, authorization)

    assert answer.status_code == 401
    assert answer.json() == {"error": sentence}
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_with_a_character_changed(lightd: Lightd) -> None:
    last = "a" if lightd.token[-1] != "a" else "b"

    assert create_as(lightd, f"Bearer {lightd.token[:-1]}{last}").json() == {"error": "Invalid token"}


def test_an_expired_token(lightd: Lightd) -> None:
    short = token(lightd, ttl="1s")

    answer = wait_until(lambda: refused(lightd, short), 20, "the token has expired")

    assert answer.json() == {"error": "Token has expired"}


def refused(lightd: Lightd, authorization: str) -> httpx.Response | None:
    answer = httpx.get(f"{lightd.url}/containers", headers={"Authorization": authorization}, timeout=30)
    return answer if answer.status_code == 401 else None


def test_a_single_use_token_used_twice(lightd: Lightd) -> None:
    single = token(lightd, ttl="1h", remove_on_use=True)
    assert httpx.get(f"{lightd.url}/containers", headers={"Authorization": single}, timeout=30).status_code == 200

    answer = create_as(lightd, single)

    assert answer.status_code == 401
    assert answer.json() == {"error": "Token has already been used"}


def test_a_token_that_may_not(lightd: Lightd, neighbour: Neighbour) -> None:
    viewer = {"Authorization": token(lightd, ttl="1h", scopes=["view"])}

    assert create_as(lightd, viewer["Authorization"]).status_code == 403
    for action in ("start", "kill", "restart", "reinstall"):
        answer = lightd.http.post(f"/containers/{neighbour.internal_id}/{action}", headers=viewer)
        assert answer.status_code == 403, action
    assert lightd.http.delete(f"/containers/{neighbour.internal_id}", headers=viewer).status_code == 403


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "application/json;q=0", "nonsense"])
def test_a_wrong_accept(lightd: Lightd, accept: str) -> None:
    answer = lightd.http.post("/containers", json=lightd.body(), headers={"Accept": accept})

    assert answer.status_code == 406
    assert answer.json() == {"error": "Could not satisfy the request Accept header"}


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("Application/vnd.pkglatv1+json", "Application/vnd.pkglatv1+json"),
        ("application/VND.pkglatv1+JSON", "Application/vnd.pkglatv1+json"),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
    ],
)
def test_what_is_served_is_named(lightd: Lightd, accept: str, content_type: str) -> None:
    for path, status in (("/containers", 200), ("/containers/unknown", 404), ("/nowhere", 404)):
        answer = lightd.http.get(path, headers={"Accept": accept})
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == content_type, path
