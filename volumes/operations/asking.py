"""What can be asked of operations, whatever they do; every door calls these."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.actor import Actor
from accounts.permissions import Permission
from rules.errors import Conflict, LightdError
from rules.rows import by_id
from volumes import access
from volumes.models import Operation
from volumes.operations import queue


class OperationFailed(LightdError):
    """What a worker found, as the answer to who waited for it."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(operation.error)
        self.status = operation.error_status


def is_done(operation: Operation) -> bool:
    """Whether a worker has done it; its refusal is the caller's."""
    if operation.status == Operation.Status.FAILED:
        raise OperationFailed(operation)
    if operation.status == Operation.Status.CANCELLED:
        raise Conflict("The operation was cancelled")
    return operation.is_finished


def operations(actor: Actor, volume_id: str) -> QuerySet[Operation]:
    """Those of a volume, newest first."""
    return access.find_files(actor, volume_id, Permission.FILES_READ).operations.all()


def find(actor: Actor, volume_id: str, operation_id: str) -> Operation:
    """One of `operations(actor, volume_id)`."""
    return by_id(operations(actor, volume_id), operation_id, "Operation")


@audit.attempt("operation.cancel", lambda volume_id, operation_id: f"{volume_id}/{operation_id}")
def cancel(actor: Actor, volume_id: str, operation_id: str) -> None:
    """Have an operation given up that is not finished; nothing of it stays."""
    volume = access.find_files(actor, volume_id, Permission.FILES_WRITE)
    operation = by_id(volume.operations.all(), operation_id, "Operation")
    with transaction.atomic():
        audit.record(actor, f"{volume_id}/{operation_id}")
        queue.cancel(operation)
