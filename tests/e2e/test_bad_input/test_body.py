"""Bodies that are none, broken, of another kind or too large."""

from typing import Any

import pytest

from tests.e2e.server import MEDIA_TYPE, Lightd
from tests.e2e.test_bad_input.conftest import Neighbour

pytestmark = pytest.mark.usefixtures("nothing_changes")

JSON = {"Content-Type": "application/json"}
REQUIRED = ["internal_id", "image", "volume_id", "startup_command"]


@pytest.mark.parametrize("body", [None, b"", b"{}"])
def test_no_body(lightd: Lightd, body: bytes | None) -> None:
    answer = lightd.http.post("/containers", content=body, headers={} if body is None else JSON)

    assert answer.status_code == 400
    assert answer.json() == {
        "error": "internal_id: This field is required",
        "details": {name: ["This field is required."] for name in REQUIRED},
    }


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{", "The body is not valid JSON"),
        (b'{"internal_id": "a",}', "The body is not valid JSON"),
        (b'{"internal_id": NaN}', "The body is not valid JSON"),
        (b"\xff\xfe{", "The body is not valid JSON"),
        (b'{"internal_id": "\\ud800"}', "The body is not valid JSON"),
        (b"[" * 100_000, "The body is not valid JSON"),
        (b"[]", "The body must be a JSON object"),
        (b'"internal_id"', "The body must be a JSON object"),
        (b"null", "The body must be a JSON object"),
        (b'{"internal_id": "a\\u0000"}', "Null characters are not allowed"),
    ],
)
def test_broken_json(lightd: Lightd, neighbour: Neighbour, body: bytes, sentence: str) -> None:
    for path in ("", f"/{neighbour.internal_id}/reinstall", f"/{neighbour.internal_id}/rebind-network"):
        answer = lightd.http.post(f"/containers{path}", content=body, headers=JSON)

        assert answer.status_code == 400, path
        assert answer.json()["error"].startswith(sentence)


@pytest.mark.parametrize(
    "body",
    [
        {"content": b"internal_id=a", "headers": {"Content-Type": "text/plain"}},
        {"data": {"internal_id": "a"}},
        {"files": {"internal_id": b"a"}},
    ],
)
def test_a_body_of_another_kind(lightd: Lightd, body: dict[str, Any]) -> None:
    answer = lightd.http.post("/containers", **body)

    assert answer.status_code == 415
    assert answer.json()["error"].startswith("Unsupported media type")


@pytest.mark.parametrize("path", ["/containers", "/volumes", "/network/ports", "/auth/tokens", "/nowhere"])
def test_a_body_of_ten_megabytes(lightd: Lightd, path: str) -> None:
    body = b'{"install_script": "%s"}' % (b"a" * 10_000_000)

    answer = lightd.http.post(path, content=body, headers=JSON)

    assert answer.status_code == 413
    assert answer.json() == {"error": "The body is larger than 1048576 bytes"}
    assert answer.headers["Content-Type"] == MEDIA_TYPE


def test_ten_megabytes_of_undeclared_length(lightd: Lightd) -> None:
    chunks = (b"a" * 100_000 for _ in range(100))

    assert lightd.http.post("/containers", content=chunks, headers=JSON).status_code == 413
