"""Images looked through while nobody has them mounted."""

from __future__ import annotations

import logging
from pathlib import Path

from volumes.images.programs import SLOW, ImageProblem, ProgramFailed, run

log = logging.getLogger(__name__)

_MENDED = 3  # e2fsck's statuses up to this one: what was wrong is mended


class BrokenImage(ImageProblem):
    """More than e2fsck dares to mend by itself."""


def mend(file: Path, lock: int, *options: str) -> None:
    """What e2fsck does at every boot: replay the journal, and mend what is safe to mend."""
    try:
        run("e2fsck", "-p", *options, str(file), lock=lock, timeout=SLOW)
    except ProgramFailed as failed:
        if failed.status > _MENDED:
            raise BrokenImage(f"The volume's image is damaged; on the host: e2fsck -f {file}") from failed
        log.warning("%s was mended: %s", file, failed.sentence)


def mend_all(file: Path, lock: int) -> None:
    """The same, with a look at everything."""
    mend(file, lock, "-f")


def refuse_damaged(file: Path, lock: int) -> None:
    """Look at everything, and change nothing."""
    try:
        run("e2fsck", "-f", "-n", str(file), lock=lock, timeout=SLOW)
    except ProgramFailed as failed:
        raise BrokenImage(f"The copy of the volume's image is damaged: {failed.sentence}") from failed
