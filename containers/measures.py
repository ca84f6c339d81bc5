"""The numbers of the installation, as Prometheus wants them: read from the database when they are asked for.

Several processes work here, and each would know its own part alone. What only the supervisor knows comes with its
heartbeat (`containers.supervisor.counts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client import Counter, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from containers import health
from containers.jobs import queue
from containers.models import Container, Event, Heartbeat, ImageJob, Job
from containers.states import State
from volumes.models import Operation
from work import workers
from work.models import Work

# No series that only says since when another one counts.
disable_created_metrics()  # type: ignore[no-untyped-call]

# Known to the web process alone, which has the viewers.
DROPPED_LINES = Counter("lightd_console_dropped_lines", "Lines left out for viewers that read too slowly.")

# Which workers do it, by its kind.
CLUSTER_OF: dict[type[Job | ImageJob | Operation], Callable[[str], str]] = {
    Job: queue.cluster_of,
    ImageJob: queue.cluster_of,
    Operation: lambda _: workers.INSTALLS,
}

# Counted by the supervisor.
CONSOLE = {
    "console_bytes": "Bytes of output that were kept and sent to viewers.",
    "console_dropped_bytes": "Bytes left out of a flood: printed faster than is kept.",
    "console_unsent_batches": "Pieces of output that could not be sent at once; viewers get them from the disk.",
}


class InstallationCollector(Collector):
    """Everything that is the same whichever process is asked: seven queries, however much there is."""

    def collect(self) -> Iterable[Metric]:
        yield from containers()
        yield from jobs()
        yield from queues()
        yield from outbox()
        yield from heartbeats()

    def describe(self) -> Iterable[Metric]:
        return []  # or registering it would ask the database


def containers() -> Iterator[Metric]:
    found = dict(Container.objects.order_by().values_list("state").annotate(Count("pk")))
    gauge = GaugeMetricFamily("lightd_containers", "Containers in each state.", labels=["state"])
    for state in State.values:
        gauge.add_metric([state], found.get(state, 0))
    yield gauge


def jobs() -> Iterator[Metric]:
    """Those not finished; the finished ones are counted by the supervisor."""
    unfinished = Job.objects.filter(status__in=Job.UNFINISHED).order_by()
    grouped = unfinished.values_list("kind", "status").annotate(Count("pk"))
    numbers = {(kind, status): number for kind, status, number in grouped}
    gauge = GaugeMetricFamily("lightd_jobs", "Jobs that are queued or running.", labels=["kind", "status"])
    for kind in Job.Kind:
        for status in Job.UNFINISHED:
            gauge.add_metric([kind, status], numbers.get((kind, status), 0))
    yield gauge


def queues() -> Iterator[Metric]:
    """All that the workers have still to begin, not only what they do to containers."""
    depth = dict.fromkeys(workers.CLUSTERS, 0)
    oldest = dict.fromkeys(workers.CLUSTERS, 0.0)
    for model, cluster_of in CLUSTER_OF.items():
        queued = model.objects.filter(status=Work.Status.QUEUED).order_by()
        for kind, number, since in queued.values_list("kind").annotate(Count("pk"), Min("created_at")):
            cluster = cluster_of(kind)
            depth[cluster] += number
            oldest[cluster] = max(oldest[cluster], age(since))
    yield by_label("lightd_queue_depth", "What waits for a worker.", "cluster", depth)
    yield by_label("lightd_queue_oldest_seconds", "How long the first of them has waited.", "cluster", oldest)


def outbox() -> Iterator[Metric]:
    """Events that were written and not yet sent to viewers: how far the supervisor lags behind."""
    waiting = Event.objects.filter(relayed=False).order_by().aggregate(number=Count("pk"), oldest=Min("created_at"))
    yield GaugeMetricFamily("lightd_outbox_events", "Events that viewers were not yet sent.", value=waiting["number"])
    lag = age(waiting["oldest"]) if waiting["oldest"] else 0
    yield GaugeMetricFamily("lightd_outbox_lag_seconds", "Age of the oldest of them.", value=lag)


def heartbeats() -> Iterator[Metric]:
    beats = {beat.role: beat for beat in Heartbeat.objects.all()}
    ages = {role: age(beat.beat_at) for role, beat in beats.items()}
    yield by_label("lightd_heartbeat_age_seconds", "Since each part last said that it lives.", "role", ages)
    supervisor = beats.get("supervisor")
    detail: dict[str, Any] = supervisor.detail if supervisor else {}
    lives = supervisor is not None and health.sign_of_life(supervisor, "") == health.OK
    reachable = lives and detail.get("engine") == health.OK
    yield GaugeMetricFamily("lightd_engine_reachable", "1 if the supervisor reaches Docker.", value=int(reachable))
    yield from supervised(detail.get("counts", {}))


def supervised(counts: dict[str, Any]) -> Iterator[Metric]:
    """What the supervisor counted, from its heartbeat."""
    for name, text in CONSOLE.items():
        yield CounterMetricFamily(f"lightd_{name}", text, value=counts.get(name, 0))
    sweeps = HistogramMetricFamily("lightd_sweep_duration_seconds", "Comparisons of all rows with Docker's list.")
    if "sweeps" in counts:
        sweeps.add_metric([], *as_buckets(counts["sweeps"]))
    yield sweeps
    finished = CounterMetricFamily("lightd_jobs_finished", "Jobs that ended.", labels=["kind", "status"])
    for kind, by_status in counts.get("jobs", {}).items():
        for status, number in by_status.items():
            finished.add_metric([kind, status], number)
    yield finished
    seconds = HistogramMetricFamily("lightd_job_duration_seconds", "From asked for to done or failed.", labels=["kind"])
    for kind, histogram in counts.get("job_seconds", {}).items():
        seconds.add_metric([kind], *as_buckets(histogram))
    yield seconds


def as_buckets(histogram: dict[str, Any]) -> tuple[list[tuple[str, float]], float]:
    """Prometheus counts a value in every bucket that it fits; we, in the first."""
    running = 0
    buckets: list[tuple[str, float]] = []
    for bound, number in zip([*histogram["bounds"], float("inf")], histogram["counts"], strict=True):
        running += number
        buckets.append(("+Inf" if bound == float("inf") else str(float(bound)), running))
    return buckets, histogram["total"]


def by_label(name: str, text: str, label: str, values: dict[str, Any]) -> Metric:
    gauge = GaugeMetricFamily(name, text, labels=[label])
    for value, number in values.items():
        gauge.add_metric([value], number)
    return gauge


def age(moment: datetime) -> float:
    """Seconds since; never below zero, should a clock be set back."""
    return max((timezone.now() - moment).total_seconds(), 0.0)
