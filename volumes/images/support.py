"""Whether this process may have images at all: tried, since no list of conditions is complete."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from rules.errors import LightdError
from volumes import locks
from volumes.images.image import Image
from volumes.images.making import make
from volumes.images.mounting import mount, unmount

_SIZE = 1  # MB
_proven: set[Path] = set()  # roots below which it worked


def refusal(root: Path) -> str:
    """Why there can be none below the storage root, and what to do; empty: there can.

    That they can is found out once. That they cannot is asked again each time: a busy moment must not decide for good.
    """
    if root in _proven:
        return ""
    if os.geteuid() != 0:
        return "only root may mount: serve as root to have the kernel hold them"
    try:
        _try(root)
    except (LightdError, OSError) as error:
        return f"{error}: the server needs loop devices, the right to mount, e2fsprogs and util-linux"
    _proven.add(root)
    return ""


def _try(root: Path) -> None:
    name = f"trial.{secrets.token_hex(8)}"
    image = Image(root / "images" / f"{name}.ext4", root / "drafts" / name)
    image.place.mkdir(mode=0o700, parents=True)
    with locks.held(name) as lock:
        try:
            make(image, _SIZE, lock)
            mount(image, _SIZE, lock)
            unmount(image, lock)
        finally:
            image.draft.unlink(missing_ok=True)
            image.file.unlink(missing_ok=True)
            image.place.rmdir()
    locks.forget(name)
