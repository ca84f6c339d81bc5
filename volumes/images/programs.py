"""The programs of e2fsprogs and util-linux that do the work."""

from __future__ import annotations

import os
import subprocess

from rules.errors import Unavailable

QUICK = 30.0  # seconds, for what takes milliseconds
SLOW = 3600.0  # seconds, for what looks at a whole file system
# Where services are begun with a path for users, these programs are not in it.
_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


class ImageProblem(Unavailable):
    """An image could not be made, mounted or changed; the sentence has the program's own words."""


class ProgramFailed(ImageProblem):
    """A program ended with another status than 0."""

    def __init__(self, program: str, status: int, said: str) -> None:
        super().__init__(f"{program}: {said or f'it ended with status {status}'}")
        self.status = status


def run(*command: str, lock: int, timeout: float = QUICK) -> str:
    """What the program printed. It has the lock as well, until it ends."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            pass_fds=[lock],
            env={"PATH": _PATH, "LC_ALL": "C"},
        )
    except FileNotFoundError:
        raise ImageProblem(f"{command[0]} is missing: install e2fsprogs and util-linux") from None
    except subprocess.TimeoutExpired:
        raise ImageProblem(f"{command[0]} did not end within {timeout:.0f} seconds") from None
    if done.returncode != 0:
        raise ProgramFailed(command[0], done.returncode, " ".join(f"{done.stdout} {done.stderr}".split()))
    return done.stdout
