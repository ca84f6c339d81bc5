"""Asking for backups, and doing at once what workers and the supervisor do for them."""

from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.people import actor
from volumes.backups import deleting, lifecycle
from volumes.backups.lifecycle import Into
from volumes.models import Backup, Operation, Volume
from volumes.operations import run


def made(user: User, volume: Volume, name: str = "") -> Backup:
    """A backup that a worker has made."""
    backup = lifecycle.create(actor(user), str(volume.pk), name)
    return worked(backup)


def worked(backup: Backup) -> Backup:
    assert backup.operation is not None
    run.run(str(backup.operation_id))
    return settled(backup)


def asked_at(queries: CaptureQueriesContext, words: str) -> int:
    """When the latest transaction asked first for what has these words: who locks a row of SQLite's only reads it."""
    statements = [query["sql"] for query in queries]
    began = max(index for index, statement in enumerate(statements) if statement.startswith("BEGIN"))
    return next(index for index, statement in enumerate(statements) if index > began and words in statement)


def settled(backup: Backup) -> Backup:
    deleting.settle()
    deleting.clear_stores()
    backup.refresh_from_db()
    return backup


def restored(user: User, backup: Backup, into: Into = Into.SAME) -> Operation:
    """A restore that a worker has come to the end of."""
    operation = lifecycle.restore(actor(user), str(backup.pk), into)
    run.run(str(operation.pk))
    deleting.settle()
    deleting.clear_stores()
    operation.refresh_from_db()
    return operation
