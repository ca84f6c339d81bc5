"""Uploads and downloads that are too large, too slow or cut off: kept nowhere, and no burden to others."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.attacks import raw
from tests.e2e.attacks.conftest import MAX_UPLOAD, REQUEST_TIMEOUT
from tests.e2e.memory import resident
from tests.e2e.server import MEDIA_TYPE, Lightd
from tests.e2e.serving import LightdFactory
from tests.waiting import wait_until

MEGABYTE = bytes(range(256)) * 4096
CHUNK = b"100000\r\n" + MEGABYTE + b"\r\n"
SOME_MEMORY = 48 << 20  # bytes, far below what is sent


@pytest.fixture
def volume(attacked: Lightd) -> Path:
    return volume_of(attacked)


def volume_of(lightd: Lightd) -> Path:
    return Path(lightd.http.post("/volumes", json={}).json()["path"])


def head(lightd: Lightd, volume: Path, length: str, query: str = "path=file", token: str | None = None) -> bytes:
    return (
        f"POST /volumes/{volume.parent.name}/upload?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {MEDIA_TYPE}\r\n"
        f"Authorization: Bearer {token or lightd.token}\r\n{length}\r\n\r\n"
    ).encode()


def test_memory_does_not_grow_with_an_upload_or_a_download(attacked: Lightd, volume: Path) -> None:
    size = 150 * len(MEGABYTE)
    before = resident(attacked, "web")

    answer = raw.send(
        attacked,
        head(attacked, volume, f"Content-Length: {size}\r\nConnection: close"),
        (MEGABYTE for _ in range(150)),
    )

    assert answer.status == 200, answer
    assert (volume / "file").stat().st_size == size
    with attacked.http.stream("GET", f"/volumes/{volume.parent.name}/files/download?path=file") as download:
        assert download.status_code == 200
        assert [piece == MEGABYTE for piece in download.iter_bytes(len(MEGABYTE))] == [True] * 150
    assert resident(attacked, "web") - before < SOME_MEMORY


@pytest.mark.parametrize(
    ("length", "piece"),
    [(f"Content-Length: {MAX_UPLOAD + 1}", MEGABYTE), ("Transfer-Encoding: chunked", CHUNK)],
)
def test_more_than_an_upload_may_have_is_refused_and_not_kept(
    attacked: Lightd, volume: Path, length: str, piece: bytes
) -> None:
    answer = raw.send(attacked, head(attacked, volume, length), (piece for _ in range(400)))

    assert answer.status == 413
    assert answer.error == f"The body is larger than {MAX_UPLOAD} bytes"
    wait_until(lambda: not list(volume.iterdir()), 30, "the draft is gone")


@pytest.mark.parametrize(("token", "query", "status"), [("nonsense", "path=file", 401), (None, "path=../x", 400)])
def test_who_is_refused_is_told_before_anything_is_read(
    attacked: Lightd, volume: Path, token: str | None, query: str, status: int
) -> None:
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(190):
            yield MEGABYTE
            sent += 1

    answer = raw.send(attacked, head(attacked, volume, f"Content-Length: {190 << 20}", query, token), pieces())

    assert (answer.status, answer.headers["connection"]) == (status, "close")
    assert sent < 100  # megabytes, most of them in the kernel's buffers
    assert list(volume.iterdir()) == []


def cut_off(lightd: Lightd, request: bytes) -> None:
    with socket.create_connection(("127.0.0.1", lightd.port)) as connection:
        connection.sendall(request + MEGABYTE)


def test_what_is_cut_off_leaves_nothing(attacked: Lightd, volume: Path) -> None:
    since = attacked.log.stat().st_size
    cut_off(attacked, head(attacked, volume, "Content-Length: 5000000"))

    wait_until(lambda: "/upload" in attacked.log_tail(since), 30, "the upload has ended")
    assert list(volume.iterdir()) == []
    assert "trace" not in attacked.log_tail(since)


def test_with_an_offset_what_has_come_stays_and_the_rest_follows(attacked: Lightd, volume: Path) -> None:
    since = attacked.log.stat().st_size
    cut_off(attacked, head(attacked, volume, "Content-Length: 5000000", "path=file&offset=0"))
    wait_until(lambda: "/upload" in attacked.log_tail(since), 30, "the upload has ended")
    come = (volume / "file").stat().st_size
    assert 0 < come <= len(MEGABYTE)

    rest = (MEGABYTE * 5)[come:5_000_000]
    address = f"/volumes/{volume.parent.name}/upload?path=file&offset={come}"
    answer = attacked.http.post(address, content=rest, headers={"Content-Type": "application/octet-stream"})

    assert answer.json()["files"] == [{"path": "file", "size": 5_000_000}]
    assert (volume / "file").read_bytes() == (MEGABYTE * 5)[:5_000_000]


def test_an_upload_has_all_the_time_that_it_needs_but_not_to_stand_still(attacked: Lightd, volume: Path) -> None:
    def steady() -> Iterator[bytes]:
        for _ in range(10):
            yield MEGABYTE[: 64 << 10]
            time.sleep(REQUEST_TIMEOUT / 5)

    def still() -> Iterator[bytes]:
        for _ in range(200):
            yield b"a"
            time.sleep(0.1)

    slow = head(attacked, volume, f"Content-Length: {10 * (64 << 10)}\r\nConnection: close", "path=slow")
    assert raw.send(attacked, slow, steady()).status == 200
    answer = raw.send(attacked, head(attacked, volume, "Content-Length: 1000"), still())
    assert (answer.status, answer.error) == (408, f"The request took longer than {REQUEST_TIMEOUT} s to arrive")
    wait_until(lambda: [path.name for path in volume.iterdir()] == ["slow"], 30, "the draft is gone")


def test_downloads_that_nobody_reads_take_no_memory(attacked: Lightd, volume: Path) -> None:
    (volume / "file").write_bytes(MEGABYTE * 100)
    request = f"GET /volumes/{volume.parent.name}/files/download?path=file HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    request += f"Authorization: Bearer {attacked.token}\r\n\r\n"
    before = resident(attacked, "web")
    readers = [socket.create_connection(("127.0.0.1", attacked.port)) for _ in range(10)]
    try:
        for reader in readers:
            reader.sendall(request.encode())
        for reader in readers:
            assert reader.recv(1000).startswith(b"HTTP/1.1 200")
        for _ in range(20):
            assert attacked.http.get("/containers").status_code == 200
        assert resident(attacked, "web") - before < SOME_MEMORY
    finally:
        for reader in readers:
            reader.close()


def test_an_escaped_address_is_no_way_to_send_more(attacked: Lightd, volume: Path) -> None:
    request = head(attacked, volume, f"Content-Length: {10 << 20}").replace(b"/upload", b"/%75pload")

    assert raw.send(attacked, request).status == 413


def test_the_server_ends_while_an_upload_stands_still(make_lightd: LightdFactory) -> None:
    lightd = make_lightd()
    volume = volume_of(lightd)
    with socket.create_connection(("127.0.0.1", lightd.port)) as connection:
        connection.sendall(head(lightd, volume, "Content-Length: 1000") + b"some")
        wait_until(lambda: list(volume.iterdir()), 30, "the draft is there")

        began = time.monotonic()
        lightd.stop()

    assert time.monotonic() - began < 15
    assert list(volume.iterdir()) == []
