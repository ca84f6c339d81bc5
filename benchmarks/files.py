"""A volume's files: a list of 10,000, and what an upload and a download carry beside a copy on the same disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import httpx

from benchmarks.figures import MEBIBYTE, Row, median, seconds
from tests.e2e.server import Lightd

ENTRIES = 10_000
SIZE = 512 * MEBIBYTE
PIECE = MEBIBYTE
ROUNDS = 5


def measure(site: Lightd) -> list[Row]:
    """Over HTTP from the same machine. Rates are the time of a gigabyte, so that less is better as everywhere."""
    made = site.http.post("/volumes", json={}).json()
    folder, address = Path(made["path"]), f"/volumes/{made['volume_id']}"
    return [*lists(site.http, folder, address), *transfers(site.http, folder, address)]


def lists(http: httpx.Client, folder: Path, address: str) -> list[Row]:
    (folder / "many").mkdir()
    for number in range(ENTRIES):
        (folder / f"many/{number:05d}").touch()

    def ours(limit: str) -> float:
        return seconds(lambda: http.get(f"{address}/files?path=many{limit}").raise_for_status())

    def raw() -> None:
        with os.scandir(folder / "many") as entries:
            for entry in entries:
                entry.stat(follow_symlinks=False)

    pairs = [(ours(""), ours("&limit=100"), seconds(raw)) for _ in range(ROUNDS)]
    whole, page, bare = (median(list(column)) * 1000 for column in zip(*pairs, strict=True))
    return [
        Row(f"list of {ENTRIES:,} files, whole", whole, "ms", None, bare, "scandir and stat"),
        Row(f"list of {ENTRIES:,} files, a page of 100", page, "ms", None, bare, "scandir and stat"),
    ]


def transfers(http: httpx.Client, folder: Path, address: str) -> list[Row]:
    source = folder / "source"
    with source.open("wb") as file:
        for _ in range(SIZE // PIECE):
            file.write(os.urandom(PIECE))
    http.timeout = httpx.Timeout(120)
    copied = median([per_gigabyte(lambda: copy(source, folder / "copied")) for _ in range(ROUNDS)])
    up = median([per_gigabyte(lambda: upload(http, address, source)) for _ in range(ROUNDS)])
    down = median([per_gigabyte(lambda: download(http, address, folder.parents[2] / "down")) for _ in range(ROUNDS)])
    return [
        Row("upload, a gigabyte", up, "s", None, copied, "copy with fsync"),
        Row("download, a gigabyte", down, "s", None, copied, "copy with fsync"),
    ]


def copy(source: Path, target: Path) -> None:
    """Through memory, as anything that comes by a socket has to go."""
    with source.open("rb") as here, target.open("wb") as there:
        while piece := here.read(PIECE):
            there.write(piece)
        os.fsync(there.fileno())


def upload(http: httpx.Client, address: str, source: Path) -> None:
    with source.open("rb") as file:
        pieces = iter(lambda: file.read(PIECE), b"")
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(SIZE)}
        http.post(f"{address}/upload?path=uploaded&overwrite=true", content=pieces, headers=headers).raise_for_status()


def download(http: httpx.Client, address: str, target: Path) -> None:
    with http.stream("GET", f"{address}/files/download?path=source") as answer, target.open("wb") as file:
        for piece in answer.iter_raw(PIECE):
            file.write(piece)
        os.fsync(file.fileno())


def per_gigabyte(work: Callable[[], object]) -> float:
    return seconds(work) * (1 << 30) / SIZE
