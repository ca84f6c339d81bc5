"""Workers that are killed or held up at a line of ours, and the ones that come after them."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.db import connection, connections
from django.utils import timezone
from django_q.models import OrmQ

from volumes.models import Operation
from volumes.operations import queue, run
from work import lease, workers


def in_a_child(work: Callable[[], None]) -> int:
    """Run it in a process of its own. Returns how that ended, as `os.wait` tells it."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


class Lines:
    """Counts the lines of ours that a thread runs, and does something before one of them."""

    def __init__(self, at: int = 0, act: Callable[[], None] = lambda: None) -> None:
        self.count = 0
        self._at, self._act = at, act

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        if "/volumes/" not in frame.f_code.co_filename or "/tests/" in frame.f_code.co_filename:
            return None
        if event == "line":
            self.count += 1
            if self.count == self._at:
                self._act()
        return self.trace


def lines_of(operation: Operation) -> int:
    """How many it takes from its beginning to its end."""
    lines = Lines()
    sys.settrace(lines.trace)
    try:
        run.run(str(operation.pk))
    finally:
        sys.settrace(None)
    return lines.count


def killed_at(operation: Operation, line: int) -> None:
    def work() -> None:
        sys.settrace(Lines(line, lambda: os.kill(os.getpid(), signal.SIGKILL)).trace)
        run.run(str(operation.pk))

    assert os.WTERMSIG(in_a_child(work)) == signal.SIGKILL


def next_worker(operation: Operation) -> None:
    """What the supervisor and the workers do after a while."""
    Operation.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now())
    Operation.objects.update(queued_at=timezone.now() - 2 * workers.TOLD_AGAIN_AFTER)
    OrmQ.objects.all().delete()
    queue.rescue()
    assert OrmQ.objects.exists() or operation.status == Operation.Status.DONE
    run.run(str(operation.pk))
    operation.refresh_from_db()


class paused_at:
    """A worker that waits at a line while the block runs, and whose end is waited for behind it."""

    def __init__(self, operation: Operation, line: int) -> None:
        self._reached, self._on = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, args=(str(operation.pk), line))

    def _work(self, operation: str, line: int) -> None:
        def pause() -> None:
            self._reached.set()
            self._on.wait(30)

        sys.settrace(Lines(line, pause).trace)
        try:
            run.run(operation)
        finally:
            sys.settrace(None)
            connection.close()

    def __enter__(self) -> None:
        self._thread.start()
        assert self._reached.wait(10)

    def __exit__(self, *_: object) -> None:
        # Longer than from one renewal of the lease to the next: it is with these that a worker hears of it.
        threading.Event().wait(2 * lease.RENEWAL)
        self._on.set()
        self._thread.join(30)
