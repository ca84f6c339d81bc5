"""A draft that several requests write, each of which goes on where the one before was cut off.

All of a volume's lie in one folder: what nobody goes on with is found there, and nowhere else has to be looked.
"""

from __future__ import annotations

import hashlib
import os

from rules.errors import Conflict
from volumes.tree import copying
from volumes.tree.draft import DRAFT, Draft
from volumes.tree.names import Place, path_of
from volumes.tree.refusals import about
from volumes.tree.room import Room

KEPT: Place = (f"{DRAFT}uploads",)


def kept_place(place: Place, key: str) -> Place:
    """Where the draft of a file lies whose writer finds it again by this key."""
    name = hashlib.sha256(os.fsencode("/".join((key, *place)))).hexdigest()
    return (*KEPT, f"{DRAFT}{name[:32]}")


class KeptDraft(Draft):
    """It stays until it is published or deleted.

    Two may write at once: that a connection broke is not known for a while, and its client has begun the next. Both
    have the same bytes for the same places.
    """

    def __init__(self, folder: int, place: Place, room: Room, lies_in: int, key: str) -> None:
        super().__init__(folder, place, room, lies_in, kept_place(place, key)[-1])

    def _open(self) -> int:
        try:
            return copying.open_file(self._lies_in, (self._name,), os.O_RDWR)
        except FileNotFoundError:
            return super()._open()

    def _leave(self) -> None:
        """As it is."""

    def go_on_at(self, offset: int) -> None:
        """Write from there on, where some may have come already."""
        size = os.fstat(self.descriptor).st_size
        if offset > size:
            raise Conflict(f"So far {size} bytes have come, so that is where it goes on: {path_of(self._place)}")
        self._offset = offset

    def flush(self) -> None:
        with about(self._place):
            self._room.resize(self.descriptor, self._offset)  # a container may have written behind it
        super().flush()

    @property
    def written(self) -> int:
        """How far it has come."""
        return self._offset
