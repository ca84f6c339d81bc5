"""The folders of an archive, and what each is to be like when all is in it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple, Self

from volumes.tree import Place
from volumes.tree.entries import Owner


class Folder(NamedTuple):
    place: Place
    mode: int | None
    modified_ns: int
    owner: Owner | None


class Folders:
    """Used in a `with` block. A volume may have millions: they are in a database of SQLite's without a name, in memory
    while it is small, then in a temporary file."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")
        self._database.execute("CREATE TABLE folder (depth, path, mode, modified_ns, user, grp)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def add(self, folder: Folder) -> None:
        path = os.fsencode("/".join(folder.place))
        row = (len(folder.place), path, folder.mode, folder.modified_ns, *(folder.owner or (None, None)))
        self._database.execute("INSERT INTO folder VALUES (?, ?, ?, ?, ?, ?)", row)

    def lowest_first(self) -> Iterator[Folder]:
        """One that is there twice is last what it was last."""
        rows = self._database.execute(
            "SELECT path, mode, modified_ns, user, grp FROM folder ORDER BY depth DESC, rowid"
        )
        with closing(rows):
            for path, mode, modified_ns, user, group in rows:
                place = tuple(os.fsdecode(path).split("/")) if path else ()
                yield Folder(place, mode, modified_ns, None if user is None else (user, group))
