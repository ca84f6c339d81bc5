"""The audit trail: who changed what, or tried to, through which door.

A function that changes something is marked with `attempt` and calls `record` in the transaction of the change, so that
neither is there without the other. What it refuses is recorded by the mark: no door can forget it.
"""

import datetime as dt
import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from contextvars import ContextVar
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from accounts.actor import Actor, Via
from accounts.models import AuditEntry, User
from accounts.permissions import Permission, require
from rules import request_id
from rules.errors import LightdError
from rules.moments import unix
from rules.rows import delete_in_pieces

P = ParamSpec("P")
R = TypeVar("R")

LONGEST_TARGET = 255  # characters, of the column
OF_FILES = Q(action__startswith="file.")
REFUSED = Q(outcome=AuditEntry.Outcome.REFUSED)
# How many of each sort are kept of each user. Changes to files come by the hundred a second, by SFTP, and refusals from
# whoever asks for what they may not do, on and on: neither pushes out what else the user did.
MOST = ((~OF_FILES & ~REFUSED, 100_000), (OF_FILES & ~REFUSED, 100_000), (REFUSED, 10_000))
FIELDS = (
    "at",
    "username",
    "token",
    "via",
    "address",
    "action",
    "target",
    "outcome",
    "reason",
    "before",
    "after",
    "request_id",
)

_action: ContextVar[str] = ContextVar("action", default="")


def attempt(
    action: str, target: Callable[..., object] = lambda first, *_, **__: first
) -> Callable[[Callable[Concatenate[Actor, P], R]], Callable[Concatenate[Actor, P], R]]:
    """Mark a function, whose first argument is the actor, as the one that does `action`.

    Args:
        action: what the entries call it, such as `container.start`.
        target: what it is done to, from the function's other arguments, by default the first of them; only asked when
            it is refused.
    """

    def mark(change: Callable[Concatenate[Actor, P], R]) -> Callable[Concatenate[Actor, P], R]:
        @functools.wraps(change)
        def attempted(actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            before = _action.set(action)
            try:
                return change(actor, *args, **kwargs)
            except LightdError as error:
                _write(actor, action, target(*args, **kwargs), AuditEntry.Outcome.REFUSED, reason=error.sentence)
                raise
            finally:
                _action.reset(before)

        return attempted

    return mark


def record(
    actor: Actor,
    target: object = "",
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    action: str = "",
) -> None:
    """Write that the attempt under way was accepted, in the caller's transaction.

    Args:
        before: of settings, what they were; after: what they are.
        action: what it is called, where no function is marked with it.
    """
    _write(actor, action or _action.get(), target, AuditEntry.Outcome.ACCEPTED, before=before, after=after)


def record_not_let_in(via: Via, address: str, account: User | None, reason: str) -> None:
    """Write that somebody could not sign in.

    Args:
        via: the door that they were at.
        account: as whom; None if nobody is called so, and then without the name: people type passwords there too.
    """
    actor = Actor(account or User(), via=via, address=address)
    _write(actor, "session.start", actor.user.username, AuditEntry.Outcome.REFUSED, reason=reason)


def _write(
    actor: Actor,
    action: str,
    target: object,
    outcome: AuditEntry.Outcome,
    *,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    AuditEntry.objects.create(
        username=actor.user.username,
        token="" if actor.token is None else str(actor.token),
        via=actor.via,
        address=actor.address or None,
        action=action,
        target=str(target)[:LONGEST_TARGET],
        outcome=outcome,
        reason=reason,
        before=before,
        after=after,
        request_id=request_id.current(),
    )


def shown(entry: AuditEntry) -> dict[str, Any]:
    """An entry as it is shown and exported; `at` in Unix seconds."""
    return {name: getattr(entry, name) for name in FIELDS} | {"at": unix(entry.at)}


def trail(actor: Actor) -> QuerySet[AuditEntry]:
    """All of it, newest first, for administrators."""
    require(actor, Permission.ADMIN)
    return AuditEntry.objects.all()


def of_target(target: object, actions: Iterable[str]) -> QuerySet[AuditEntry]:
    """What was done, or tried, to `target` and to what is within it, newest first. Who may see it, the caller decides.

    Args:
        actions: how those begin that are asked for: `file.`, say.
    """
    there = Q(target=str(target)) | Q(target__startswith=f"{target}/")
    begins = Q()
    for action in actions:
        begins |= Q(action__startswith=action)
    return AuditEntry.objects.filter(there, begins)


def origins(target: object, request_ids: Collection[str]) -> dict[tuple[str, str], AuditEntry]:
    """What was done to `target` in these requests, by the request and the name of who did it: of both, as a caller may
    give a request the id of somebody else's."""
    entries = AuditEntry.objects.filter(target=str(target), request_id__in=set(request_ids) - {""})
    return {(entry.request_id, entry.actor): entry for entry in entries}


# What a part of the trail is asked for by, and what that means in the database.
_LOOKUPS = {
    "user": "username",
    "action": "action__startswith",
    "target": "target",
    "outcome": "outcome",
    "via": "via",
    "since": "at__gte",
    "until": "at__lt",
}


def narrowed(entries: QuerySet[AuditEntry], query: Mapping[str, Any]) -> QuerySet[AuditEntry]:
    """The entries that a query asks for: those that are like all that is named in it."""
    return entries.filter(**{_LOOKUPS[name]: value for name, value in query.items()})


def forget(now: dt.datetime) -> None:
    """Delete what is older than it is kept, and the oldest entries of who has too many."""
    delete_in_pieces(AuditEntry.objects.filter(at__lt=now - dt.timedelta(days=settings.AUDIT_KEEP_DAYS)))
    counts = {f"number_{at}": Count("pk", filter=sort) for at, (sort, _) in enumerate(MOST)}
    by_user = AuditEntry.objects.order_by().values("username").annotate(**counts)
    for username, *numbers in by_user.values_list("username", *counts):
        for number, (sort, most) in zip(numbers, MOST, strict=True):
            if number > most:
                _keep_the_latest(AuditEntry.objects.filter(sort, username=username), most)


def _keep_the_latest(entries: QuerySet[AuditEntry], most: int) -> None:
    oldest = entries.order_by("-id").values_list("id", flat=True)[most - 1]
    delete_in_pieces(entries.filter(id__lt=oldest))
