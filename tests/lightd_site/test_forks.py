"""Forks that are looked after."""

import errno
import os
import time

import pytest

from lightd_site.forks import Fork
from tests.waiting import wait_until


def live(name: str, parent: int) -> None:
    time.sleep(60)


def test_one_that_cannot_be_made_is_made_as_soon_as_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise OSError(errno.EAGAIN, "no more processes")

    fork = Fork("part", live)
    with monkeypatch.context() as full:
        full.setattr(os, "fork", refuse)
        fork.look_after()
        assert not fork.runs

    def looked_after() -> bool:
        fork.look_after()
        return fork.runs

    wait_until(looked_after, 10, "it runs")
    fork.stop()
    fork.wait(time.monotonic() + 5)
    assert not fork.runs
