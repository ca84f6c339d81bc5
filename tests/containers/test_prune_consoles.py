"""What consoles printed long ago is forgotten every hour, without a pause for the consoles of today."""

import os
import threading
import time
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pytest_django import Settings

from containers.engine.watch import AsyncEngine
from containers.models import directory_of
from containers.spool import Spool, folder
from containers.supervisor import consoles
from containers.supervisor.consoles import Consoles, older
from containers.supervisor.supervisor import Supervisor

LONG_AGO = 1000 * 86400  # seconds


@pytest.fixture(autouse=True)
def storage_root(tmp_path: Path, settings: Settings) -> None:
    settings.STORAGE_ROOT = tmp_path


def printed(text: bytes, seconds_ago: float = 0) -> UUID:
    """The id of a container that printed this."""
    container_id = uuid4()
    with closing(Spool(directory_of(container_id))) as spool:
        spool.append(text)
    for path in console_of(container_id).iterdir():
        os.utime(path, (time.time() - seconds_ago,) * 2)
    return container_id


def console_of(container_id: UUID) -> Path:
    return folder(directory_of(container_id))


def kept(container_id: UUID) -> int:
    return sum(path.stat().st_size for path in console_of(container_id).glob("*.log"))


def open_below(folder: Path) -> list[Path]:
    """The descriptors that we have open there."""
    return [file for file in Path("/proc/self/fd").iterdir() if file.resolve().is_relative_to(folder)]


async def test_only_what_is_old_is_forgotten() -> None:
    old, young = printed(b"long ago\n", LONG_AGO), printed(b"just now\n")

    await Consoles(AsyncEngine("tests"), Supervisor()).prune()

    assert (kept(old), kept(young)) == (0, len("just now\n"))
    assert Spool(directory_of(old)).end == len("long ago\n")


def test_what_was_forgotten_once_is_not_looked_at_again() -> None:
    old = printed(b"long ago\n", LONG_AGO)
    before = time.time() - LONG_AGO / 2
    assert older(before) == [console_of(old)]

    Spool(directory_of(old)).prune(before)

    assert older(before) == []


async def test_what_is_old_is_looked_for_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_in: list[bool] = []

    def noted(before: float) -> list[Path]:
        looked_in.append(threading.current_thread() is threading.main_thread())
        return older(before)

    monkeypatch.setattr(consoles, "older", noted)

    await Consoles(AsyncEngine("tests"), Supervisor()).prune()

    assert looked_in == [False]


async def test_one_that_cannot_be_pruned_is_closed_again(tmp_path: Path) -> None:
    old = printed(b"long ago\n", LONG_AGO)
    (index,) = console_of(old).glob("*.idx")
    index.unlink()
    index.mkdir()  # in the way

    await Consoles(AsyncEngine("tests"), Supervisor()).prune()

    assert open_below(tmp_path) == []
