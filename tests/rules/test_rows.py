"""Many rows are deleted in pieces, so that whoever else writes has a turn in between."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import audit
from accounts.actor import Actor
from accounts.models import AuditEntry, User
from rules import rows


@pytest.mark.parametrize(("number", "pieces"), [(0, 1), (2, 1), (3, 2), (7, 3)])
def test_all_that_is_meant_is_deleted_in_pieces(
    alice: User, monkeypatch: pytest.MonkeyPatch, number: int, pieces: int
) -> None:
    monkeypatch.setattr(rows, "PIECE", 3)
    for action in ["old"] * number + ["new"]:
        audit.record(Actor(alice), action=action)

    with CaptureQueriesContext(connection) as queries:
        rows.delete_in_pieces(AuditEntry.objects.filter(action="old"))

    assert len(queries) == pieces
    assert AuditEntry.objects.get().action == "new"
