"""What the supervisor counts, for the metrics.

It travels in the supervisor's heartbeat, and goes on from there when the supervisor is started again.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from containers.measures import CONSOLE
from containers.models import Heartbeat, Job

SWEEP_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15)
JOB_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 1800, 3600)

# A job's end is written a moment before its transaction is committed: younger ones are left for the next time.
COMMITTED_AFTER = timedelta(seconds=2)
# Jobs that were queued longer ago are not looked through again and again.
LONGEST_JOB = timedelta(hours=6)


@dataclass
class Histogram:
    """How many values lie up to each bound; the last count is of those beyond."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    total: float = 0.0

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.bounds) + 1:  # none yet, or those of an older version
            self.counts, self.total = [0] * (len(self.bounds) + 1), 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def as_dict(self) -> dict[str, Any]:
        return {"bounds": self.bounds, "counts": self.counts, "total": round(self.total, 6)}

    @classmethod
    def of(cls, bounds: tuple[float, ...], kept: dict[str, Any] | None) -> Histogram:
        """The histogram that was kept, if its bounds are still these."""
        if not kept or tuple(kept["bounds"]) != bounds:
            return cls(bounds)
        return cls(bounds, list(kept["counts"]), kept["total"])


class Counts:
    """Console and sweeps are counted in the event loop, jobs in the database's thread."""

    def __init__(self) -> None:
        self.console = dict.fromkeys(CONSOLE, 0)
        self.sweeps = Histogram(SWEEP_SECONDS)
        self._jobs: dict[str, dict[str, int]] = {}
        self._job_seconds: dict[str, Histogram] = {}
        self._until: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """All of them, the jobs up to now among them. Asks the database."""
        if self._until is None:
            self._go_on(Heartbeat.objects.filter(pk="supervisor").values_list("detail", flat=True).first() or {})
        self._count_jobs()
        return {
            **self.console,
            "sweeps": self.sweeps.as_dict(),
            "jobs": self._jobs,
            "job_seconds": {kind: histogram.as_dict() for kind, histogram in self._job_seconds.items()},
            "jobs_until": self._until.timestamp() if self._until else 0,
        }

    def _go_on(self, detail: dict[str, Any]) -> None:
        """Go on from where the supervisor before us was."""
        kept = detail.get("counts", {})
        for name in self.console:
            self.console[name] += kept.get(name, 0)
        earlier = Histogram.of(SWEEP_SECONDS, kept.get("sweeps"))
        self.sweeps.counts = [mine + theirs for mine, theirs in zip(self.sweeps.counts, earlier.counts, strict=True)]
        self.sweeps.total += earlier.total
        self._jobs = kept.get("jobs", {})
        self._job_seconds = {
            kind: Histogram.of(JOB_SECONDS, each) for kind, each in kept.get("job_seconds", {}).items()
        }
        until = kept.get("jobs_until")
        self._until = datetime.fromtimestamp(until, tz=timezone.now().tzinfo) if until else timezone.now()

    def _count_jobs(self) -> None:
        since, until = self._until or timezone.now(), timezone.now() - COMMITTED_AFTER
        if until <= since:
            return
        ended = Job.objects.filter(
            status__in=(Job.Status.DONE, Job.Status.FAILED, Job.Status.CANCELLED),
            queued_at__gt=since - LONGEST_JOB,
            finished_at__gt=since,
            finished_at__lte=until,
        ).order_by()
        for kind, status, asked, finished in ended.values_list("kind", "status", "created_at", "finished_at"):
            by_status = self._jobs.setdefault(kind, {})
            by_status[status] = by_status.get(status, 0) + 1
            if finished and status != Job.Status.CANCELLED:
                histogram = self._job_seconds.setdefault(kind, Histogram(JOB_SECONDS))
                histogram.observe((finished - asked).total_seconds())
        self._until = until
