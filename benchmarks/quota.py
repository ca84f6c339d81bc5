"""What it costs that the kernel holds a volume's size: to make one, to ask how full it is, to resize it."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.figures import Row, median, milliseconds
from tests.e2e.server import Lightd
from volumes import images
from volumes.images import Image

ENTRIES = 10_000
ROUNDS = 20
ASKED = 1000  # calls of the kernel are too short to be measured one by one
GIBIBYTE = 1 << 30


def measure(site: Lightd) -> list[Row]:
    """Beside the same programs, called by hand."""
    made = median([milliseconds(lambda: create(site)) for _ in range(ROUNDS)])
    raw_made = median(raw_creations())
    volume, folder = create(site)
    for number in range(ENTRIES):
        (folder / f"{number:05d}").touch()
    storage = folder.parents[2]
    image = Image(storage / "images" / f"{volume}.ext4", folder.parent)
    asked = median([milliseconds(lambda: many(lambda: images.usage(image, 1024))) for _ in range(ROUNDS)])
    raw_asked = median([milliseconds(lambda: many(lambda: os.statvfs(folder))) for _ in range(ROUNDS)])
    route = median([milliseconds(lambda: site.http.get(f"/volumes/{volume}/quota")) for _ in range(ROUNDS)])
    ping = median([milliseconds(lambda: site.http.get("/api/v1/public/ping")) for _ in range(ROUNDS)])
    walked = milliseconds(lambda: subprocess.run(["du", "--summarize", str(folder)], check=True, capture_output=True))
    resized = median([milliseconds(partial(resize, site, volume, 1024 + number)) for number in range(ROUNDS)])
    return [
        Row("volume of 1 GiB, made", made, "ms", None, raw_made, "truncate, mkfs.ext4, mount"),
        Row(
            f"usage, {ENTRIES:,} files, one look", asked * 1000 / ASKED, "µs", None, raw_asked * 1000 / ASKED, "statvfs"
        ),
        Row("the same by the route", route, "ms", None, ping, "ping route"),
        Row("the same, as a directory is counted", walked, "ms"),
        Row("volume resized, request to answer", resized, "ms"),
    ]


def create(site: Lightd) -> tuple[str, Path]:
    made = site.http.post("/volumes", json={"size": 1024}).raise_for_status().json()
    return made["id"], Path(made["path"])


def resize(site: Lightd, volume: str, megabytes: int) -> None:
    site.http.post(f"/volumes/{volume}/resize", json={"size": megabytes}).raise_for_status()


def raw_creations() -> Iterator[float]:
    """How long each takes: an image of a gibibyte, as small as it can be."""
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="lightd-raw-") as folder:
            begun = time.perf_counter()
            with mounted(Path(folder)):
                yield (time.perf_counter() - begun) * 1000


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    image, place = folder / "image", folder / "place"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(GIBIBYTE)
    run("mkfs.ext4", "-q", "-F", str(image))
    run("mount", "-o", "loop", str(image), str(place))
    try:
        yield
    finally:
        run("umount", str(place))


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def many(call: Callable[[], object]) -> None:
    for _ in range(ASKED):
        call()
