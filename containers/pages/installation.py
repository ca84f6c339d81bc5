"""How far an installation is, step by step, as its events tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, TextChoices

from containers import spool
from containers.models import Container, Event

Kind = Event.Kind
ENDS = (Kind.INSTALLED, Kind.FAILED)


class Progress(TextChoices):
    """Of one step; the value is the word that is shown."""

    DONE = "done"
    NOW = "now"
    WAITING = "waiting"
    FAILED = "failed"
    NOT_REACHED = "not reached"


@dataclass(frozen=True)
class Step:
    name: str
    progress: Progress
    text: str = ""
    at: datetime | None = None  # when it was done


@dataclass(frozen=True)
class InstallProgress:
    """The latest of a container."""

    number: int  # of its first event: every installation has another
    asked_by: str
    begun_at: datetime
    output_from: int  # the cursor of the console at which its output begins
    steps: list[Step]


def latest(container: Container) -> InstallProgress | None:
    """In three queries; None if it is so long ago that its events are forgotten."""
    begun = container.events.filter(kind=Kind.INSTALLING).first()
    if begun is None:
        return None
    since = container.events.filter(pk__gte=begun.pk)
    end = since.filter(kind__in=ENDS).last()
    during = since.filter(pk__lte=end.pk) if end else since
    newest = during.order_by().values("kind").annotate(newest=Max("pk")).values("newest")
    happened = {event.kind: event for event in container.events.filter(pk__in=newest)}
    return InstallProgress(
        number=begun.pk,
        asked_by=begun.actor,
        begun_at=begun.created_at,
        output_from=spool.offset_at(spool.folder(container.directory), begun.created_at.timestamp()),
        steps=steps(container, happened),
    )


def steps(container: Container, happened: dict[str, Event]) -> list[Step]:
    """The five steps; the first that is not done is the one that goes on, or that failed."""
    failure = happened.get(Kind.FAILED)
    shown: list[Step] = []
    open_step = Progress.FAILED if failure else Progress.NOW
    for name, proof, text in milestones(container, happened):
        if proof:
            shown.append(Step(name, Progress.DONE, text, proof.created_at))
        else:
            shown.append(Step(name, open_step, failure.message if failure and open_step == Progress.FAILED else text))
            open_step = Progress.NOT_REACHED if failure else Progress.WAITING
    return shown


def milestones(container: Container, happened: dict[str, Event]) -> list[tuple[str, Event | None, str]]:
    """Each step's name, the event that shows it done, and what there is to say of it."""

    def first(*kinds: Kind) -> Event | None:
        return next((happened[kind] for kind in kinds if kind in happened), None)

    def said(*kinds: Kind, otherwise: str = "") -> str:
        event = first(*kinds)
        return event.message if event else otherwise

    created, installed = first(Kind.CREATED), first(Kind.INSTALLED)
    on_host = "On the host already" if created else ""
    has_script = Kind.INSTALL_STARTED in happened or container.install_script.strip()
    return [
        ("Queued", first(Kind.PULLING, Kind.PULLED, Kind.CREATED), said(Kind.INSTALLING)),
        ("Image", first(Kind.PULLED, Kind.CREATED), said(Kind.PULLED, Kind.PULLING, otherwise=on_host)),
        ("Container", created, said(Kind.CREATED)),
        ("Install script", installed, said(Kind.INSTALL_STARTED) if has_script else "None"),
        ("Ready", installed, "It can be started" if installed else ""),
    ]
