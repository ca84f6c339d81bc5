"""How often a password or a code may be guessed, counted in the database for all web processes together.

An attempt is counted before it is checked, so that a hundred at once are not all checked; a good one is taken back.
"""

import datetime as dt
import hashlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import FailedAttempts, User
from rules.errors import TooMany
from rules.networks import network_of

WINDOW = dt.timedelta(minutes=15)  # from the first failed attempt on
PER_ACCOUNT = 5
# More than for an account: many people may share an address.
PER_ADDRESS = 20


@dataclass(frozen=True)
class Count:
    """What is counted together, up to how many, and whether one success makes all failures before it harmless."""

    key: str
    limit: int
    forgiven: bool


def digest(username: str) -> str:
    """What stands for an account. The name is not kept: people type passwords there too."""
    return hashlib.sha256(username.strip().casefold().encode("utf-8", "replace")).hexdigest()


def passwords_of(username: str, known_browser: str = "") -> Count:
    """Passwords for an account, which need not exist: from its known browser, or from all others together."""
    return Count(f"password {digest(username)} {known_browser}", PER_ACCOUNT, forgiven=True)


def own_password_of(user: User) -> Count:
    """The password of someone who is signed in, or of whoever sits there."""
    return Count(f"own {user.pk}", PER_ACCOUNT, forgiven=True)


def codes_of(user: User) -> Count:
    """Second factors of someone whose password was right."""
    return Count(f"code {user.pk}", PER_ACCOUNT, forgiven=True)


def attempts_from(address: str) -> Count:
    """All that comes from one address. A success of one account there says nothing about the failures of others."""
    return Count(f"address {network_of(address)}", PER_ADDRESS, forgiven=False)


@contextmanager
def attempt(*counts: Count) -> Iterator[None]:
    """Around a check that raises if it fails. Raises TooMany instead of checking when one of the counts is full."""
    now = timezone.now()
    FailedAttempts.objects.filter(ends_at__lte=now).delete()
    with transaction.atomic():  # all or none: an attempt that is not checked is no guess
        for count in counts:
            _take(count, now)
    yield
    for count in counts:
        _give_back(count)


def forget(user: User) -> None:
    """Let the user try again at once."""
    FailedAttempts.objects.filter(key__startswith=passwords_of(user.username).key).delete()
    FailedAttempts.objects.filter(key__in=[codes_of(user).key, own_password_of(user).key]).delete()


def _take(count: Count, now: dt.datetime) -> None:
    rows = FailedAttempts.objects.select_for_update()
    row, _ = rows.get_or_create(key=count.key, defaults={"ends_at": now + WINDOW})
    if row.number >= count.limit:
        wait = (row.ends_at - now).total_seconds()
        raise TooMany(f"Too many failed attempts; try again in {_minutes(wait)}", wait)
    row.number += 1
    row.save()


def _give_back(count: Count) -> None:
    rows = FailedAttempts.objects.filter(key=count.key, number__gt=0)
    rows.update(number=0 if count.forgiven else F("number") - 1)


def _minutes(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
