"""Backups in a folder of this host that nobody but us may enter."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Self

from rules.errors import NotFound
from volumes import images
from volumes.backups.stores.room import room
from volumes.tree import PIECE

_UNFINISHED = ".part"
_FILE_MODE = 0o600
_FOLDER_MODE = 0o700


class LocalFile:
    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._path = folder / name
        self._part = folder / f"{name}{_UNFINISHED}"
        self._descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE_MODE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
        self._part.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        with room():
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def finish(self) -> None:
        with room():
            os.fsync(self._descriptor)
        self._part.rename(self._path)
        images.flush(self._folder)


class LocalStore:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        self._folder = folder

    def new_file(self, name: str) -> LocalFile:
        with room():
            return LocalFile(self._folder, name)

    def read(self, name: str, start: int = 0, end: int | None = None) -> Generator[bytes, None, None]:
        descriptor = self._open(name)
        try:
            while piece := os.pread(descriptor, PIECE if end is None else min(PIECE, end - start), start):
                start += len(piece)
                yield piece
        finally:
            os.close(descriptor)

    def fetch(self, name: str, note: Callable[[int], None]) -> int:
        return self._open(name)

    def _open(self, name: str) -> int:
        try:
            return os.open(self._folder / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise NotFound("The backup is not in its store any more") from None

    def clear(self, beginning: str) -> None:
        for path in self._folder.glob(f"{beginning}*"):
            with suppress(FileNotFoundError):
                path.unlink()

    def free(self) -> int:
        status = os.statvfs(self._folder)
        return status.f_bavail * status.f_frsize
