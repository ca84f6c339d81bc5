"""Sessions of browsers: Django's own in the database, with whose they are, from where, and when they were last used.

This module is the SESSION_ENGINE. The row is the session: without it the browser is signed out, and its sockets are
closed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.actor import Actor
from accounts.models import Session, User
from rules.errors import NotFound

# One write a minute is enough to see which sessions are in use.
_NOTED_EVERY = dt.timedelta(minutes=1)
_LONGEST_USER_AGENT = 300


class SessionStore(DatabaseStore):
    """Django's, whose row says more."""

    _row: Session | None = None
    _address = ""
    _user_agent = ""

    def __init__(self, session_key: str | None = None) -> None:
        # Anybody's cookie: no database is asked for what it would not take, such as a null character.
        super().__init__(session_key if session_key and session_key.isalnum() else None)

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def comes_from(self, request: HttpRequest) -> None:
        """Who uses it now, for whatever is stored from here on."""
        self._address = request.META.get("REMOTE_ADDR", "")
        self._user_agent = request.headers.get("User-Agent", "")[:_LONGEST_USER_AGENT]

    def note_use(self) -> None:
        """Store when and from where it was last used, if that was not done within the last minute."""
        row, now = self._row, timezone.now()
        if row is None or row.user_id is None or row.last_seen_at > now - _NOTED_EVERY:
            return
        stale = Session.objects.filter(pk=row.pk, last_seen_at__lte=now - _NOTED_EVERY)
        stale.update(last_seen_at=now, address=self._address, user_agent=self._user_agent)

    # Called by Django to read the row and to write it; its types leave these out.

    def _get_session_from_db(self) -> Session | None:
        self._row = super()._get_session_from_db()  # type: ignore[misc]
        return self._row

    async def _aget_session_from_db(self) -> Session | None:
        self._row = await super()._aget_session_from_db()  # type: ignore[misc]
        return self._row

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        key = self._get_or_create_session_key()  # type: ignore[attr-defined]
        row = self._row
        if row is None or row.session_key != key:
            row = Session(session_key=key, address=self._address, user_agent=self._user_agent)
        row.session_data = self.encode(data)
        row.expire_date = self.get_expiry_date()
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        self._row = row
        return row

    async def acreate_model_instance(self, data: dict[str, Any]) -> Session:
        return self.create_model_instance(data)


def of(user: User) -> QuerySet[Session]:
    """Where the user is signed in, the last used first."""
    return user.sessions.filter(expire_date__gt=timezone.now()).order_by("-last_seen_at")


@audit.attempt("session.end")
def end(actor: Actor, public_id: UUID) -> None:
    """Sign one of the actor's browsers out."""
    with transaction.atomic():
        deleted, _ = actor.user.sessions.filter(public_id=public_id).delete()
        if not deleted:
            raise NotFound("Session not found")
        audit.record(actor, public_id)


def end_others(request: HttpRequest, user: User) -> None:
    """Sign all of the user's browsers out but the one that asks."""
    user.sessions.exclude(session_key=request.session.session_key).delete()


@audit.attempt("session.end_all", lambda: "")
def end_all(actor: Actor) -> None:
    """Sign all of the actor's browsers out."""
    with transaction.atomic():
        audit.record(actor, actor.user)
        actor.user.sessions.all().delete()


def forget_expired() -> None:
    """Remove what nobody can use any more."""
    SessionStore.clear_expired()


def alive(session_keys: Collection[str]) -> set[str]:
    """Those of the sessions that are still signed in."""
    rows = Session.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now(), user__is_active=True)
    return set(rows.values_list("session_key", flat=True))
