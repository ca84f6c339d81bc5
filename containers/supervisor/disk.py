"""How full volumes are. Of one in an image the kernel knows it at any moment; a directory is measured, and rarely: its
figure is as old as the last measurement, a quarter of an hour or more.

`du` in a process of its own, at the lowest priority, walks a directory; it follows no link and leaves no file system.
One that takes long is measured more rarely still; of one that takes too long the last figure stays, 0 if there is none.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from volumes import images
from volumes.images import Image

PACE = 900.0  # seconds from one measurement of a volume to the next
SHARE = 50  # so many times what a measurement took passes before the next: 2 % of a disk's time at most
AT_MOST = 30.0  # seconds for one measurement
DU = ("nice", "-n", "19", "du", "--summarize", "--one-file-system", "--block-size=1", "--")


class Sizes:
    """What is in the volumes of running containers."""

    def __init__(self) -> None:
        self._images: dict[UUID, Image] = {}
        self._bytes: dict[UUID, int] = {}
        self._due: dict[UUID, float] = {}
        self._du: subprocess.Popen[bytes] | None = None

    def of(self, container_id: UUID) -> int:
        """Bytes; 0 before the first measurement."""
        image = self._images.get(container_id)
        if image is not None:
            with suppress(OSError):  # unmounted at this moment, by who restores it
                self._bytes[container_id] = images.used(image)
        return self._bytes.get(container_id, 0)

    def follow(self, container_id: UUID, image: Image) -> None:
        """Read the figure from the image, from now on."""
        self._images[container_id] = image

    def next_due(self, running: Iterable[UUID]) -> UUID | None:
        """The container whose volume has waited longest, if it is time for any."""
        now = time.monotonic()
        due = [(self._due.get(one, 0.0), one) for one in running if one not in self._images]
        return min((entry for entry in due if entry[0] <= now), default=(0.0, None))[1]

    def measure(self, container_id: UUID, path: Path) -> int | None:
        """Measure one volume; None if that takes too long. Blocks until that is done."""
        began = time.monotonic()
        size = self.size(path)
        self._bytes[container_id] = self._bytes.get(container_id, 0) if size is None else size
        took = time.monotonic() - began
        self._due[container_id] = time.monotonic() + max(PACE, took * SHARE)
        return size

    def keep_only(self, running: Iterable[UUID]) -> None:
        """Forget the others, once their time has come: one that is started over and over is not measured as often."""
        kept, now = set(running), time.monotonic()
        for container_id in self._images.keys() - kept:
            self._images.pop(container_id)
            self._bytes.pop(container_id, None)
        for container_id in [one for one, due in self._due.items() if one not in kept and due < now]:
            self._due.pop(container_id)
            self._bytes.pop(container_id, None)

    def size(self, path: Path) -> int | None:
        """Bytes that a directory takes on its disk; None if that takes too long to find out, or can't be."""
        # `timeout` ends it even if we are gone by then.
        command = ["timeout", str(AT_MOST), *DU, str(path)]
        try:
            self._du = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return None
        figure = self._du.communicate()[0].partition(b"\t")[0]
        return int(figure) if figure.isdigit() else None  # what du may not read is missing, and not an error

    def stop(self) -> None:
        """End the measurement under way; called from another thread.

        All of it: `timeout` that is ended in the moment in which it starts `du` leaves that running.
        """
        if self._du and self._du.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._du.pid, signal.SIGTERM)
