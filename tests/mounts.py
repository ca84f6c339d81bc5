"""What is mounted below a folder, and how it is left as it was."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def mounts_below(folder: Path) -> list[str]:
    """The places, innermost first."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    places = [line.split()[1] for line in lines]
    return [place for place in reversed(places) if place.startswith(f"{folder}/")]


def unmount_below(folder: Path) -> None:
    for place in mounts_below(folder):
        subprocess.run(["umount", "--lazy", place], check=False)


@contextmanager
def disk_of(place: Path, size: str) -> Iterator[Path]:
    """A disk of this size, such as `8m`, mounted within the block."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def break_image(file: Path) -> None:
    """As after an error of the disk: nothing but zeros.

    Another file in its place: the kernel may have the present one in memory, for as long as any mount namespace has it.
    """
    broken = file.with_suffix(".broken")
    broken.touch(mode=0o600)
    os.truncate(broken, file.stat().st_size)
    broken.replace(file)


def require_root() -> None:
    if os.geteuid() != 0:
        raise RuntimeError("Volumes whose size the kernel holds are mounted: run script/test as root.")
