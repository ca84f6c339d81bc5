"""What a console printed is kept for long, but not for ever, and is found again."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from containers import spool
from containers.sockets import history
from containers.spool import Spool
from tests.people import client_of, container_of

MIB = 1 << 20


@pytest.fixture
def console(tmp_path: Path) -> Spool:
    return Spool(tmp_path)


def lines_of(tmp_path: Path, text: str, tail: int = 200, since: float | None = None) -> list[str]:
    return history.search(tmp_path, text, tail, since).splitlines()


def made_old(tmp_path: Path, seconds: float) -> None:
    for path in spool.folder(tmp_path).iterdir():
        os.utime(path, (time.time() - seconds,) * 2)


def test_it_keeps_as_much_as_it_may(tmp_path: Path, settings: Any) -> None:
    settings.CONSOLE_KEEP_MB = 3
    console = Spool(tmp_path)

    for _ in range(10):
        console.append(b"x" * MIB)

    files = list(spool.folder(tmp_path).glob("*.log"))
    assert sum(path.stat().st_size for path in files) == 3 * MIB
    assert console.end == 10 * MIB


def test_what_is_too_old_is_forgotten_and_the_cursor_goes_on(tmp_path: Path) -> None:
    Spool(tmp_path).append(b"long ago\n")
    made_old(tmp_path, 1000)
    console = Spool(tmp_path)

    console.prune(time.time() - 500)
    console.append(b"now\n")

    assert history.tail(tmp_path, 10) == ("now\n", len("long ago\nnow\n"))
    assert len(list(spool.folder(tmp_path).glob("*.log"))) == 1


def test_forgetting_does_not_pretend_that_something_came(tmp_path: Path) -> None:
    Spool(tmp_path).append(b"long ago\n")
    made_old(tmp_path, 1000)
    console = Spool(tmp_path)

    console.prune(time.time() - 500)

    assert Spool(tmp_path).written_at == pytest.approx(time.time() - 1000, abs=5)
    assert console.end == Spool(tmp_path).end == len("long ago\n")


def test_what_is_young_stays(tmp_path: Path, console: Spool) -> None:
    console.append(b"just now\n")

    console.prune(time.time() - 500)

    assert history.tail(tmp_path, 10)[0] == "just now\n"


def test_a_search_finds_the_newest_lines_in_their_order(tmp_path: Path, console: Spool) -> None:
    console.append(b"".join(b"%s joined %d\n" % (b"Alice" if n % 2 else b"Bob", n) for n in range(20)))

    assert lines_of(tmp_path, "aLiCe", tail=3) == ["Alice joined 15", "Alice joined 17", "Alice joined 19"]
    assert lines_of(tmp_path, "nobody") == []
    assert lines_of(tmp_path, ".*") == [], "text, not a pattern"


def test_a_search_crosses_a_rotation(tmp_path: Path, console: Spool) -> None:
    console.append(b"x" * (MIB - 1) + b"\nfirst half, ")
    console.append(b"second half\nlast, unfinished")

    assert lines_of(tmp_path, "half") == ["first half, second half"]
    assert lines_of(tmp_path, "unfinished") == ["last, unfinished"]


def test_colours_and_case_do_not_hide_a_word(tmp_path: Path, console: Spool) -> None:
    console.append("\x1b[32mSer\x1b[1mver\x1b[0m STRASSE straße\r\n".encode())

    assert len(lines_of(tmp_path, "server")) == 1
    assert len(lines_of(tmp_path, "straße str")) == 1


def test_a_search_may_begin_at_a_time(tmp_path: Path, console: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("containers.spool.time.time", lambda: 1000.0)
    console.append(b"hit early\n")
    monkeypatch.setattr("containers.spool.time.time", lambda: 2000.0)
    console.append(b"hit late\n")

    assert lines_of(tmp_path, "hit", since=1500) == ["hit late"]


def test_an_answer_is_bounded(tmp_path: Path, console: Spool) -> None:
    for _ in range(3):
        console.append(b"x" * MIB + b"\n")

    assert len(history.search(tmp_path, "x", 200)) <= history.MAX_BYTES


def test_the_route_searches(admin: User) -> None:
    container = container_of(admin)
    Spool(container.directory).append(b"one\nTwo\nthree two\n")

    answer = client_of(admin).get(f"/containers/{container.internal_id}/logs", {"search": "two"})

    assert answer.json() == {"logs": "Two\nthree two\n"}


def test_a_search_for_too_much_is_refused(admin: User) -> None:
    container = container_of(admin)

    answer = client_of(admin).get(f"/containers/{container.internal_id}/logs", {"search": "x" * 201})

    assert answer.status_code == 400
    assert list(answer.json()["details"]) == ["search"]
