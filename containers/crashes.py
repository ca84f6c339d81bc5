"""What a process's end means when nobody asked for it, and whether it is started again."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from containers.models import Container, Job, RestartPolicy

# Seconds before the first, second, … automatic restart within the window; the last one for all that follow.
PAUSES = (1, 5, 15)
LAST_WORDS = 20  # lines of output kept with a crash


class Ending(NamedTuple):
    """How a process ended.

    `by_engine`: it ended with the engine or the host, not by itself.
    """

    exit_code: int
    at: datetime
    out_of_memory: bool = False
    by_engine: bool = False

    @property
    def is_crash(self) -> bool:
        """`exit 0` is a clean end. What the engine took down did not crash."""
        return not self.by_engine and (self.exit_code != 0 or self.out_of_memory)

    @property
    def what_went_wrong(self) -> str:
        """The sentence that stays with the container until it is started again; empty for a clean end."""
        if self.is_crash:
            return f"Crashed: the process {self}"
        return f"The process {self}" if self.by_engine else ""

    def __str__(self) -> str:
        if self.out_of_memory:
            return f"ran out of memory (exit code {self.exit_code})"
        if self.by_engine:
            return f"ended with the Docker engine or the host (exit code {self.exit_code})"
        return f"exited with code {self.exit_code}"


def wants_restart(policy: str, ending: Ending) -> bool:
    """Whether the policy starts the process again after this end, the limit aside."""
    if policy == RestartPolicy.NEVER:
        return False
    return policy == RestartPolicy.ALWAYS or ending.is_crash or ending.by_engine


def restarts_lately(container: Container) -> int:
    """How often the process was started by itself again within the window, and since somebody last asked for a start:
    whoever does has looked at it, and it may fail as often again."""
    since = timezone.now() - timedelta(seconds=settings.CRASH_WINDOW)
    starts = Job.objects.filter(container=container, kind=Job.Kind.START, created_at__gt=since).order_by("-created_at")
    return sum(1 for _ in takewhile(lambda job: job.args.get("automatic"), starts))


def pause_before(restarts: int) -> timedelta:
    """How long to wait before the next automatic restart, after so many within the window."""
    return timedelta(seconds=PAUSES[min(restarts, len(PAUSES) - 1)])


@cache
def booted_at() -> datetime:
    """When this host was booted (`btime` of /proc/stat, proc(5)); whatever was started before did not survive it."""
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        if line.startswith("btime "):
            return datetime.fromtimestamp(int(line.split()[1]), timezone.get_default_timezone())
    raise RuntimeError("/proc/stat has no btime")
