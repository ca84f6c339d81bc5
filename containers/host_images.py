"""The images on the host: what is there, who uses it, and what administrators can have done to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.actor import Actor
from accounts.permissions import Permission, require
from containers import images
from containers.engine import client as engine
from containers.engine.answers import OnHost
from containers.jobs import queue
from containers.models import Container, Image, ImageJob
from rules.errors import Conflict, Forbidden, NotFound

MOST_NAMED = 5  # containers in a sentence
SHOWN_FOR = timedelta(hours=1)  # since a job ended


# --- What is there ----------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """An image, and the containers that use it."""

    image: Image
    users: list[str]


@dataclass(frozen=True)
class Shelf:
    """All images on the host. Those that hold the file systems of containers are only summed up."""

    images: list[Held]
    size: int  # bytes
    ours: int
    ours_size: int


def shelf(actor: Actor) -> Shelf:
    """For administrators: it says what everybody's containers use."""
    require(actor, Permission.ADMIN)
    users, held, ours = users_by_name(), [], []
    for row in Image.objects.all():
        if is_ours(row):
            ours.append(row)
        else:
            held.append(Held(row, _users((*row.names, *row.digests), users)))
    return Shelf(
        images=sorted(held, key=lambda each: (not each.image.names, str(each.image))),
        size=sum(each.image.size for each in held),
        ours=len(ours),
        ours_size=sum(row.size for row in ours),
    )


def suggestions(actor: Actor) -> list[str]:
    """Names of images on the host that the actor may make a container of, without a pull."""
    require(actor, Permission.CREATE)
    names = {name for row in Image.objects.values_list("names", flat=True) for name in row}
    return sorted(name for name in names if images.may_be_used(name))


def version() -> str:
    """Another one whenever a row is another."""
    rows = Image.objects.aggregate(rows=Count("pk"), changed_at=Max("changed_at"))
    return f"{rows['rows']}-{rows['changed_at'].timestamp() if rows['changed_at'] else 0}"


def is_ours(image: Image) -> bool:
    return any(images.is_ours(name) for name in image.names)


def users_by_name() -> dict[str, list[str]]:
    """The containers, by the full name of the image that they are made of, now or when they are installed again."""
    users: dict[str, list[str]] = {}
    for image, internal_id in Container.objects.order_by("internal_id").values_list("image", "internal_id"):
        users.setdefault(image, []).append(internal_id)
    named: dict[str, list[str]] = {}
    for image, internal_ids in users.items():
        named.setdefault(images.full_name(image), []).extend(internal_ids)
    return named


def users_of(names: Iterable[str]) -> list[str]:
    """The containers of an image with these names."""
    return _users(names, users_by_name())


def _users(names: Iterable[str], users: dict[str, list[str]]) -> list[str]:
    full_names = {images.full_name(name) for name in names}
    return sorted({internal_id for name in full_names for internal_id in users.get(name, ())})


@transaction.atomic
def keep(found: Collection[OnHost]) -> None:
    """Make the rows what Docker's list says. The supervisor alone calls this, in the order of the lists."""
    known = Image.objects.in_bulk()
    there = {each.docker_id: each for each in found}
    Image.objects.filter(pk__in=known.keys() - there.keys()).delete()
    for docker_id, each in there.items():
        row = known.get(docker_id) or Image(docker_id=docker_id)
        now = (each.names, each.digests, each.size, each.created_at)
        if (row.names, row.digests, row.size, row.created_at) != now:
            row.names, row.digests, row.size, row.created_at = now
            row.save()


# --- What can be asked -------------------------------------------------------------


def jobs(actor: Actor) -> QuerySet[ImageJob]:
    """Pulls and removals under way, and those that ended lately."""
    require(actor, Permission.ADMIN)
    recently = Q(finished_at__gt=timezone.now() - SHOWN_FOR)
    return ImageJob.objects.filter(Q(status__in=ImageJob.UNFINISHED) | recently)


@audit.attempt("image.pull")
def pull(actor: Actor, image: str) -> ImageJob:
    """Have an image pulled."""
    require(actor, Permission.ADMIN)
    images.refuse_bad_image(image)
    engine.ping()
    name = images.familiar_name(image)
    with transaction.atomic():
        job = queue.add_image_job(ImageJob.Kind.PULL, name, name, actor)
        audit.record(actor, name)
    return job


@audit.attempt("image.remove")
def remove(actor: Actor, docker_id: str) -> ImageJob:
    """Have an image removed, with all its names; not while a container uses it."""
    require(actor, Permission.ADMIN)
    image = Image.objects.filter(pk=docker_id).first()
    if image is None:
        raise NotFound("Image not found")
    refuse_ours(image.names)
    refuse_used(str(image), users_of((*image.names, *image.digests)))
    engine.ping()
    with transaction.atomic():
        job = queue.add_image_job(ImageJob.Kind.REMOVE, image.docker_id, str(image), actor)
        audit.record(actor, image)
    return job


@audit.attempt("image.cancel")
def cancel(actor: Actor, job_id: UUID) -> None:
    """Give up a pull or a removal; a worker in the middle of it notices at its next step."""
    require(actor, Permission.ADMIN)
    job = ImageJob.objects.filter(pk=job_id).first()
    if job is None:
        raise NotFound("There is no such pull")
    with transaction.atomic():
        unfinished = ImageJob.objects.filter(pk=job.pk, status__in=ImageJob.UNFINISHED)
        if not unfinished.update(status=ImageJob.Status.CANCELLED, finished_at=timezone.now()):
            raise Conflict(f"{job.shown}: it is over already")
        audit.record(actor, job.shown)


def refuse_ours(names: Iterable[str]) -> None:
    """The file system of a container is removed with its container, and never otherwise."""
    if any(images.is_ours(name) for name in names):
        raise Forbidden("The image holds the file system of a container")


def refuse_used(shown: str, users: Collection[str]) -> None:
    """Containers are made from their image again when they are installed again."""
    if users:
        named = ", ".join(sorted(users)[:MOST_NAMED])
        more = f" and {len(users) - MOST_NAMED} more" if len(users) > MOST_NAMED else ""
        raise Conflict(f"{shown} is used by {named}{more}")
