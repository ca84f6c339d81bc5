"""One cluster of django-q2's workers, as a fork of a process that has everything loaded.

Seven processes each, two clusters: apart they would take half as much memory again. It survives the death of any of its
processes, since none of the others outlives it.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from typing import Any

from django.conf import settings
from django_q import cluster
from django_q.conf import Conf

from lightd_site.forks import begin_apart, end_with_parent, refuse_orphaned

log = logging.getLogger(__name__)


def run(name: str, parent: int) -> None:
    """Be the cluster: the fork's own life."""
    begin_apart(name)
    end_together(parent)
    configure(name)
    cluster.Sentinel = Sentinel  # type: ignore[misc] # where its Cluster looks for it
    cluster.Cluster().start()


def configure(name: str) -> None:
    """django-q2 reads its settings once, when it is loaded, for the one cluster that its environment names."""
    if name == settings.Q_CLUSTER["name"]:
        return
    own = settings.Q_CLUSTER["ALT_CLUSTERS"][name]
    Conf.CLUSTER_NAME = name
    for each, value in own.items():
        setattr(Conf, each.upper(), value)


def end_together(parent: int) -> None:
    """Let no process of this cluster outlive the one that started it.

    A killed server leaves its clusters, a killed cluster its sentinel, a killed sentinel its workers, and each would go
    on taking jobs beside the next ones, with the code of then.
    """
    cluster_pid = os.getpid()

    def follow() -> None:
        # The sentinel is asked, and ends its workers. They are not: one that waits for a lock of a killed process
        # would never hear it, and what it was at is begun again by whoever gets its lease.
        end_with_parent(signal.SIGTERM if os.getppid() == cluster_pid else signal.SIGKILL)

    os.register_at_fork(after_in_child=follow)
    end_with_parent()
    refuse_orphaned(parent)


class Sentinel(cluster.Sentinel):
    """django-q2's own puts a new process into the place of a killed one. That one may have held a queue's lock, as a
    worker that waits for a job does, and then nobody gets it any more: the cluster would live, and do nothing."""

    def reincarnate(self, process: Any) -> None:
        if killed(process) and not is_at_work(process):
            log.error("a process of the workers was killed, all of them begin anew")
            sys.exit(1)
        super().reincarnate(process)  # type: ignore[no-untyped-call]


def killed(process: Any) -> bool:
    return process.exitcode is not None and process.exitcode < 0


def is_at_work(process: Any) -> bool:
    """Whether it is a worker with a job: django-q2 counts down its time, which is negative while there is none."""
    return hasattr(process, "timer") and process.timer.value > 0
