"""Processes as forks of one that has everything loaded: apart, each would take its memory anew."""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkProcess
from typing import Any

from django.db import connections

from lightd_site.restarts import Pause

log = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_NAME = 15  # linux/prctl.h
# Signals that the process above waits for instead of being interrupted by them.
AWAITED = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


@dataclass
class Fork:
    """A fork with a life of its own, which is made again whenever it ends.

    `live` is given the name, and the process id of the parent.
    """

    name: str
    live: Callable[[str, int], None]
    process: ForkProcess | None = None

    def __post_init__(self) -> None:
        self._pause = Pause()

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.is_alive()

    @property
    def ended_with(self) -> int | None:
        """Its exit status; negative: the signal that ended it. None while it runs, and before it ever did."""
        return self.process.exitcode if self.process else None

    def look_after(self) -> None:
        """Make it if it does not run; one that keeps dying is given longer and longer pauses."""
        if self.runs:
            return
        if self.process is not None:
            log.error("%s ended with %s, starting it again", self.name, self.process.exitcode)
            self.process = None
            self._pause.ended()
        if self._pause.is_over:
            self._begin_or_say()

    def _begin_or_say(self) -> None:
        try:
            self.begin()
        except OSError as error:  # no memory, or no more processes, at this moment
            log.error("%s cannot be begun now: %s", self.name, error)
            self.process = None
            self._pause.ended()

    def begin(self) -> None:
        connections.close_all()  # no fork may have ours
        self.process = multiprocessing.get_context("fork").Process(target=self.live, args=(self.name, os.getpid()))
        self.process.start()
        self._pause.began()

    def stop(self) -> None:
        """SIGTERM to its first process alone: that one lets the others finish, and ends them."""
        if self.process is not None and self.process.is_alive():
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        """Wait for its end until `deadline`, then end its whole session."""
        if self.process is None or self.process.pid is None:
            return
        self.process.join(max(deadline - time.monotonic(), 0.1))
        if self.process.is_alive():
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.join()


def begin_apart(name: str) -> None:
    """What every fork does first: it is no longer interrupted with its parent, and shows what it is."""
    # A session of its own: Ctrl-C in a terminal goes to the whole group, and we end when we are told.
    os.setsid()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED)
    show_as(f"lightd-{name}")


def refuse_orphaned(parent: int) -> None:
    """End at once if the parent has ended before it could be noticed."""
    if os.getppid() != parent:
        sys.exit("lightd: the process that began this one is gone already")


def prctl(option: int, value: Any) -> None:
    """prctl(2), for a fork and all that concerns it alone."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")


def show_as(name: str) -> None:
    """What `ps -o comm` and `top` call this process and its forks: at most 15 characters."""
    prctl(PR_SET_NAME, name.encode())


def end_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel send us this signal once our parent is gone, however it went. No fork inherits it."""
    prctl(PR_SET_PDEATHSIG, number)
