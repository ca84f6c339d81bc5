"""The processes of one installation: forks of one that has everything loaded, and does nothing but look after them."""

from __future__ import annotations

import gc
import logging
import signal
import sys
import time
from collections.abc import Collection

from django.db import Error as DatabaseProblem
from django.db import connections
from django.urls import get_resolver

from containers import health
from lightd_site import cluster, heap, server
from lightd_site.forks import AWAITED, Fork, begin_apart, end_with_parent, refuse_orphaned
from work import workers

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0  # seconds between two looks at the children
GRACE = 12.0  # seconds that they may take to end


class Forks:
    """Web and supervisor, both clusters and the SFTP server, as far as they are asked for."""

    def __init__(self, parts: Collection[str]) -> None:
        self._parts = parts
        self._clusters = [Fork(name, cluster.run) for name in workers.CLUSTERS] if "workers" in parts else []
        self._forks = list(self._clusters)
        if "sftp" in parts:
            self._forks.append(Fork("sftp", serve_sftp))
        if not server.PARTS.isdisjoint(parts):
            self._forks.append(Fork("server", self._serve))

    def run(self) -> None:
        """Keep them alive, and say so, until SIGTERM or Ctrl-C, or until one of them cannot serve."""
        signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
        load(self._parts)
        try:
            self._look_after()
        finally:
            self._stop()

    def _look_after(self) -> None:
        told = None
        while told not in (signal.SIGTERM, signal.SIGINT):
            if any(fork.ended_with == server.CANNOT_SERVE for fork in self._forks):
                sys.exit(server.CANNOT_SERVE)
            for fork in self._forks:
                fork.look_after()
            self._beat()
            caught = signal.sigtimedwait(AWAITED, LOOK_EVERY)
            told = caught and caught.si_signo

    def _serve(self, name: str, parent: int) -> None:
        begin(name, parent)
        server.serve(self._parts)

    def _beat(self) -> None:
        try:
            for fork in self._clusters:
                if fork.runs:
                    health.beat(fork.name, {})
        except DatabaseProblem as error:
            log.warning("no sign of life could be written: %s", error)
            connections.close_all()

    def _stop(self) -> None:
        """End them all; jobs that do not end in time are begun again by the next workers."""
        for fork in self._forks:
            fork.stop()
        deadline = time.monotonic() + GRACE
        for fork in self._forks:
            fork.wait(deadline)


def load(parts: Collection[str]) -> None:
    """Have in memory what most of the forks need, before they are made: they share it.

    What only one of them needs is left to it: here it would spread the rest over more pages, of which each fork copies
    those that it touches. With Twisted and asyncssh too, all together took 20 MB more.
    """
    if "workers" in parts:
        from django_q.brokers import get_broker

        import volumes.operations.run  # noqa: F401
        from containers.jobs import cleanup, run  # noqa: F401

        get_broker().queue_size()  # has Django load what any query needs
    if "web" in parts:
        import lightd_site.asgi  # noqa: F401

        _ = get_resolver().url_patterns  # each view
    if "supervisor" in parts:
        import containers.supervisor.supervisor  # noqa: F401
    # A collection marks every object that it looks at, and so copies the page that it lies in.
    gc.collect()
    gc.freeze()
    connections.close_all()  # which leaves holes too
    heap.fill_holes()


def serve_sftp(name: str, parent: int) -> None:
    """Be the SFTP server: its fork's own life."""
    begin(name, parent)
    from containers.sftp.door import Door

    server.serve_alone(lambda: server.run_for_ever("SFTP", Door))


def begin(name: str, parent: int) -> None:
    """What a fork without forks of its own does first."""
    begin_apart(name)
    end_with_parent()
    refuse_orphaned(parent)
