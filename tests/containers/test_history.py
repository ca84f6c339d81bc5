"""What is read of a console is whole characters, with the cursor after them, and from a moment on if that is asked."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from containers.models import Container
from containers.sockets import history
from containers.spool import Spool
from tests.people import client_of, container_of

HALF = "€".encode()[:2]


@pytest.fixture
def console(tmp_path: Path) -> Spool:
    return Spool(tmp_path)


def test_half_a_character_is_left_for_what_comes_next(console: Spool, tmp_path: Path) -> None:
    console.append(b"price: " + HALF)

    assert history.tail(tmp_path, 10) == ("price: ", 7)
    assert history.since_seq(tmp_path, 0) == ("price: ", 7)
    assert history.since_time(tmp_path, 0) == ("price: ", 7)
    assert history.end(tmp_path) == 7

    console.append("€".encode()[2:] + b"5\n")

    assert history.since_seq(tmp_path, 7) == ("€5\n", 12)
    assert list(history.replay(tmp_path, 7)) == [("€5\n", 12)]
    assert history.end(tmp_path) == 12


def test_bytes_that_are_no_text_are_all_counted(console: Spool, tmp_path: Path) -> None:
    console.append(b"\xff\xfe\n")

    assert history.tail(tmp_path, 10) == ("\ufffd\ufffd\n", 3)
    assert history.end(tmp_path) == 3


@pytest.fixture
def container(alice: User, tmp_path: Path, settings: Any) -> Container:
    settings.STORAGE_ROOT = tmp_path
    return container_of(alice)


@pytest.mark.parametrize(
    ("query", "logs"),
    [
        ("since={noon}", "at noon\nand after\n"),
        ("since={noon}&tail=1", "and after\n"),
        ("tail=2", "at noon\nand after\n"),
        ("", "in the morning\nat noon\nand after\n"),
        ("since={night}", ""),
    ],
)
def test_the_logs_of_a_container_since_a_moment(
    alice: User, container: Container, monkeypatch: pytest.MonkeyPatch, query: str, logs: str
) -> None:
    noon = int(time.time()) - 3600
    console = Spool(container.directory)
    for at, line in ((noon - 7200, b"in the morning\n"), (noon, b"at noon\n"), (noon + 60, b"and after\n")):
        monkeypatch.setattr(time, "time", lambda at=at: at)
        console.append(line)
        newest = max(container.directory.glob("console/*.log"))
        os.utime(newest, (at, at))
    monkeypatch.undo()

    answer = client_of(alice).get(f"/containers/web-1/logs?{query.format(noon=noon, night=noon + 7200)}")

    assert answer.json() == {"logs": logs}
