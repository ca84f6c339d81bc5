"""Signs of life, and what the health check makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import Error as DatabaseAway
from django.utils import timezone

from containers.models import Heartbeat
from work.workers import CLUSTERS

# Each role beats every two seconds; one that missed five is not well.
STALE_AFTER = timedelta(seconds=10)
OK = "ok"
UNKNOWN = "unknown"


def beat(role: str, detail: dict[str, Any]) -> None:
    """Write a sign of life of `role`, with what it knows."""
    now = timezone.now()
    if not Heartbeat.objects.filter(pk=role).update(beat_at=now, detail=detail):
        Heartbeat.objects.update_or_create(role=role, defaults={"beat_at": now, "detail": detail})


def report() -> dict[str, str]:
    """Each part as `ok`, or the reason why not."""
    try:
        beats = {row.role: row for row in Heartbeat.objects.all()}
    except DatabaseAway as error:
        return without_database(error)
    supervisor = sign_of_life(beats.get("supervisor"), "the supervisor")
    engine = beats["supervisor"].detail.get("engine", UNKNOWN) if supervisor == OK else f"{UNKNOWN}: no supervisor"
    workers = {role: sign_of_life(beats.get(role), role) for role in CLUSTERS}
    ill = [reason for reason in workers.values() if reason != OK]
    return {
        "database": OK,
        "engine": engine,
        "workers": "; ".join(ill) or OK,
        "supervisor": supervisor,
    }


def engine_away_since() -> datetime | None:
    """Since when the engine does not answer the supervisor, as that last said; None: it does, or nobody has asked yet.

    However long ago that was: an engine that hangs is waited for, and nothing is said meanwhile.
    """
    said = Heartbeat.objects.filter(pk="supervisor").values_list("detail__engine_away_since", flat=True).first()
    return datetime.fromtimestamp(said, UTC) if said else None


def without_database(error: DatabaseAway) -> dict[str, str]:
    """All of the report that can be had then."""
    unknown = f"{UNKNOWN}: no database"
    return {
        "database": f"unreachable: {type(error).__name__}",
        "engine": unknown,
        "workers": unknown,
        "supervisor": unknown,
    }


def sign_of_life(row: Heartbeat | None, name: str) -> str:
    if row is None:
        return f"{name} never reported"
    age = timezone.now() - row.beat_at
    return OK if age < STALE_AFTER else f"{name} last reported {int(age.total_seconds())} s ago"


# --- In words ------------------------------------------------------------------


@dataclass(frozen=True)
class Words:
    """What people are told of a part: its name, that it works, what follows if it does not, and what to do then."""

    name: str
    well: str
    means: str
    advice: str


WORDS = {
    "database": Words("Database", "Answers", "Nothing works until it answers.", "Look at the database's own log."),
    "engine": Words(
        "Docker engine",
        "Answers",
        "Containers that run go on running; none can be made, started or stopped.",
        "On the host: systemctl status docker",
    ),
    "workers": Words(
        "Workers",
        "At work",
        "What is asked for waits, and is done when they are back.",
        "On the host: journalctl -u lightd, then systemctl restart lightd",
    ),
    "supervisor": Words(
        "Supervisor",
        "Watching",
        "States, consoles and figures stand still; containers go on running.",
        "On the host: journalctl -u lightd, then systemctl restart lightd",
    ),
}


@dataclass(frozen=True)
class Part:
    """One part of the installation, as the report has it and in words."""

    said: str
    words: Words

    @property
    def is_well(self) -> bool:
        return self.said == OK

    @property
    def is_known(self) -> bool:
        return not self.said.startswith(UNKNOWN)


def parts() -> list[Part]:
    """Every part of the report. One query."""
    return [Part(said, WORDS[name]) for name, said in report().items()]
