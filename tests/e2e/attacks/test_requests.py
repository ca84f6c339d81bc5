"""Requests too large, too slow, or broken on purpose: answered early, kept nowhere, and no burden to others."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.e2e.attacks import raw
from tests.e2e.attacks.conftest import REQUEST_TIMEOUT
from tests.e2e.memory import resident
from tests.e2e.server import MEDIA_TYPE, Lightd
from tests.waiting import wait_until

POST = f"POST /containers HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {MEDIA_TYPE}\r\n".encode()
GIGABYTE = 1 << 30
MEGABYTE = b"a" * (1 << 20)
CHUNK = b"100000\r\n" + MEGABYTE + b"\r\n"


@pytest.mark.parametrize("expect", ["", "Expect: 100-continue\r\n"])
def test_a_gigabyte_that_is_announced_is_refused_before_it_is_sent(attacked: Lightd, expect: str) -> None:
    answer = raw.send(attacked, POST + f"Content-Length: {GIGABYTE}\r\n{expect}\r\n".encode())

    assert answer.status == 413
    assert answer.error == "The body is larger than 1048576 bytes"
    assert answer.headers["content-type"] == MEDIA_TYPE.lower()
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("head", "piece"),
    [(b"Content-Length: %d\r\n\r\n" % GIGABYTE, MEGABYTE), (b"Transfer-Encoding: chunked\r\n\r\n", CHUNK)],
)
def test_a_gigabyte_that_is_sent_all_the_same_is_not_read(attacked: Lightd, head: bytes, piece: bytes) -> None:
    before = resident(attacked, "web")
    sent = 0

    def gigabyte() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(1024):
            yield piece
            sent += 1

    answer = raw.send(attacked, POST + head, gigabyte())

    assert answer.status == 413
    assert sent < 100  # megabytes, most of them in the kernel's buffers
    assert resident(attacked, "web") - before < 64 << 20


def test_a_slow_body_ends_at_the_deadline(attacked: Lightd) -> None:
    def drops() -> Iterator[bytes]:
        for _ in range(600):
            yield b"a"
            time.sleep(0.1)

    began = time.monotonic()
    answer = raw.send(attacked, POST + b"Content-Length: 1000\r\n\r\n", drops())

    assert answer.status == 408
    assert answer.error == f"The request took longer than {REQUEST_TIMEOUT} s to arrive"
    assert time.monotonic() - began < 40  # of 60


def test_slow_heads_of_hundreds_hold_nobody_up(attacked: Lightd) -> None:
    answers: list[raw.Answer] = []

    def trickle() -> None:
        answers.append(raw.send(attacked, b"GET /containers HTTP/1.1\r\n"))

    slow = [threading.Thread(target=trickle) for _ in range(300)]
    for each in slow:
        each.start()
    for _ in range(10):
        assert attacked.http.get("/containers").status_code == 200
    for each in slow:
        each.join(60)
    assert [answer.status for answer in answers] == [408] * 300


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GARBAGE\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nBad Name: 1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400),
        # Two lengths: where a proxy believes the one and we the other, a request is smuggled through.
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: 1\r\n" * 10_000 + b"\r\n", 400),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data\r\nContent-Length: 3\r\n\r\n--x",
            400,
        ),
    ],
)
def test_what_is_no_http_is_said_so_in_json(attacked: Lightd, request_bytes: bytes, status: int) -> None:
    answer = raw.send(attacked, request_bytes)

    assert answer.status == status
    assert answer.error
    assert answer.headers["x-request-id"]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_no_header_of_an_answer_comes_from_the_request(attacked: Lightd) -> None:
    for sneaky in ("a%0d%0aSet-Cookie:%20evil=1", "a\\r\\nSet-Cookie: evil=1"):
        answers = [
            attacked.http.get(f"/containers/{sneaky}"),
            attacked.http.get("/docs/", headers={"Accept": "text/html", "X-Request-ID": sneaky}),
            attacked.http.get(f"/admin/login/?next=/{sneaky}", headers={"Accept": "text/html"}),
            attacked.http.get("/containers", headers={"Accept": f"{MEDIA_TYPE}; q={sneaky}"}),
        ]
        for answer in answers:
            assert "evil" not in answer.headers.get("Set-Cookie", "")
            assert "evil" not in answer.headers["X-Request-ID"]


def test_what_anyone_says_of_themselves_as_a_proxy_does_not_count(attacked: Lightd) -> None:
    since = attacked.log.stat().st_size
    forged = {
        "X-Forwarded-For": "203.0.113.99",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=203.0.113.99",
        "Daphne-Root-Path": "/evil",
    }
    answer = attacked.http.get("/docs/", headers={**forged, "Accept": "text/html", "Authorization": ""})

    assert "evil" not in answer.headers["Location"]
    wait_until(lambda: "path=/docs/" in attacked.log_tail(since), 30, "the request is in the log")
    assert "203.0.113.99" not in attacked.log_tail(since)
    assert "address=127.0.0.1" in attacked.log_tail(since)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1.evil"])
def test_a_socket_from_a_foreign_page_is_refused_before_the_upgrade(attacked: Lightd, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        attacked.socket("any", origin=origin, headers={"X-Request-ID": "deploy-17"})

    answer = refusal.value.response
    assert answer.status_code == 403
    assert answer.headers["X-Request-ID"] == "deploy-17"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.body == b'{"error":"Access denied"}'


def test_no_token_is_in_any_log(attacked: Lightd) -> None:
    token = attacked.token
    attacked.socket("nothing", headers={"X-Request-ID": token}).wait_closed()
    for path in (
        f"/containers?token={token}",
        f"/nowhere/{token}",
        f"/containers?search={token}",
        f"/%00?token={token}",
    ):
        attacked.http.get(path)
    attacked.http.post("/auth/tokens", json={token: token, "ttl": token})
    attacked.http.post("/containers", content=b'{"image": "%s' % token.encode())
    raw.send(attacked, f"GET /{token} HTTP/1.1\r\nAuthorization: Bearer {token}\r\nBad Name: {token}\r\n\r\n".encode())
    since = attacked.http.get("/nowhere/last")

    assert since.status_code == 404
    wait_until(lambda: "/nowhere/last" in attacked.log_tail(), 30, "the last request is in the log")
    secret = token.removeprefix("lightd_")
    written = [attacked.log, *(path for path in Path(attacked.folder).rglob("*.log") if path != attacked.log)]
    for log in written:
        assert secret not in log.read_text(errors="replace"), log
