"""Where an image is, where it is mounted, and what is in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Image:
    file: Path
    place: Path  # the folder that it is mounted on

    @property
    def files(self) -> Path:
        """What people see of it: there only while it is mounted, so that nothing is ever written beside it."""
        return self.place / "files"

    @property
    def ballast(self) -> Path:
        return self.place / "ballast"

    @property
    def draft(self) -> Path:
        """What is to be the file, and is not finished."""
        return self.file.with_suffix(".new")

    @property
    def is_mounted(self) -> bool:
        """Whether another file system begins at its place."""
        try:
            return os.stat(self.place).st_dev != os.stat(self.place.parent).st_dev
        except FileNotFoundError:
            return False

    @property
    def is_ready(self) -> bool:
        """Whether it is mounted, with its size held."""
        return self.is_mounted and self.files.is_dir()


def flush(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put(draft: Path, file: Path) -> None:
    """Rename, also in the place of another file; on the disk when this returns."""
    flush(draft)
    os.replace(draft, file)
    flush(file.parent)
