"""Archives through REST, from the request to its answer, beside `tar` and `zip` in a shell on the same tree."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import httpx

from benchmarks.figures import MEBIBYTE, Row, median, seconds
from tests.e2e.server import Lightd

SMALL_FILES = 5_000
LARGE_FILES = 8
LARGE = 16 * MEBIBYTE
WORDS = [f"word{number}" for number in range(5_000)]
ROUNDS = 3

PACK = {
    "zip": ["zip", "-qr", "raw.zip", "tree"],
    "tar": ["tar", "-cf", "raw.tar", "tree"],
    "tar.gz": ["tar", "-czf", "raw.tar.gz", "tree"],
    "tar.zst": ["tar", "--zstd", "-cf", "raw.tar.zst", "tree"],
}
UNPACK = {
    "zip": ["unzip", "-q", "../raw.zip"],
    "tar": ["tar", "-xf", "../raw.tar"],
    "tar.gz": ["tar", "-xf", "../raw.tar.gz"],
    "tar.zst": ["tar", "-xf", "../raw.tar.zst"],
}


def measure(site: Lightd) -> list[Row]:
    made = site.http.post("/volumes", json={}).json()
    folder, address = Path(made["path"]), f"/volumes/{made['volume_id']}"
    fill(folder / "tree")
    site.http.timeout = httpx.Timeout(120)
    return [row for kind in PACK for row in both_ways(site.http, folder, address, kind)]


def fill(tree: Path) -> None:
    """Small files as programs have them, and large ones as worlds are: text, which shrinks to a third, and noise."""
    choose = random.Random(1)
    for number in range(SMALL_FILES):
        (tree / f"{number // 100}").mkdir(parents=True, exist_ok=True)
        (tree / f"{number // 100}/{number}").write_text(" ".join(choose.choices(WORDS, k=200)))
    for number in range(LARGE_FILES):
        content = " ".join(choose.choices(WORDS, k=LARGE // 16)).encode() + choose.randbytes(LARGE // 2)
        (tree / f"large{number}").write_bytes(content)


def both_ways(http: httpx.Client, folder: Path, address: str, kind: str) -> list[Row]:
    rounds = [one_round(http, folder, address, kind) for _ in range(ROUNDS)]
    packed, by_shell, unpacked, back_by_shell = (median(list(column)) for column in zip(*rounds, strict=True))
    what = f"{kind} of {SMALL_FILES + LARGE_FILES:,} files, made"
    return [
        Row(what, packed, "s", None, by_shell, f"{PACK[kind][0]}, sync"),
        Row("the same, unpacked", unpacked, "s", None, back_by_shell, f"{UNPACK[kind][0]}, sync"),
    ]


def one_round(http: httpx.Client, folder: Path, address: str, kind: str) -> tuple[float, float, float, float]:
    (folder / "raw").mkdir()
    try:
        return (
            seconds(lambda: pack(http, address, kind)),
            seconds(lambda: run(folder, PACK[kind])),
            seconds(lambda: unpack(http, address, kind)),
            seconds(lambda: run(folder / "raw", UNPACK[kind])),
        )
    finally:
        for name in ("raw", "ours"):
            shutil.rmtree(folder / name)
            (folder / f"{name}.{kind}").unlink()


def pack(http: httpx.Client, address: str, kind: str) -> None:
    body = {"format": kind, "output_name": "ours", "paths": ["tree"]}
    assert http.post(f"{address}/compress", json=body).status_code == 200


def unpack(http: httpx.Client, address: str, kind: str) -> None:
    body = {"archive_path": f"ours.{kind}", "destination": "ours"}
    assert http.post(f"{address}/decompress", json=body).status_code == 200


def run(folder: Path, command: list[str]) -> None:
    """On the disk at the end, as ours is."""
    subprocess.run(command, cwd=folder, check=True)
    subprocess.run(["sync", "-f", str(folder)], check=True)
