"""`python -m benchmarks`: a server of its own against the engine in LIGHTD_ENGINE_URL, and the table to print.

`--shares` adds each process with its CPU and memory; `--grown` takes four processes with a Redis and a PostgreSQL of
their own instead. `python -m benchmarks power` (or another of PARTS) measures that alone.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

PARTS = (
    "listing",
    "rights",
    "sweep",
    "idle",
    "power",
    "console",
    "supervised",
    "quota",
    "files",
    "archives",
    "sftp",
    "rows",
)


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks", description="Measure what docs/benchmarks.md promises.")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all unless told")
    parser.add_argument("--shares", action="store_true", help="show CPU and memory of each process")
    parser.add_argument("--grown", action="store_true", help="four processes, Redis and PostgreSQL")
    options = parser.parse_args()
    wanted = options.parts or PARTS
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"unknown: {', '.join(unknown)}")
    with tempfile.TemporaryDirectory(prefix="lightd-bench-") as folder:
        run(Path(folder), wanted, options.shares, options.grown)


def run(folder: Path, wanted: Sequence[str], shares: bool, grown: bool) -> None:
    # What is measured in this process must not touch a real installation.
    os.environ |= {"DJANGO_SETTINGS_MODULE": "lightd_site.settings", "LIGHTD_STORAGE_ROOT": str(folder / "listing")}
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("REDIS_URL", None)
    import django
    from django.conf import settings

    django.setup()
    for noisy in ("httpx", "lightd_site.requests"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    from benchmarks import (
        archives,
        console,
        figures,
        files,
        idle,
        listing,
        power,
        quota,
        rights,
        sftp,
        supervised,
        sweep,
    )
    from benchmarks import rows as live_rows
    from tests.e2e.grown import GrownLightd
    from tests.e2e.server import Lightd
    from tests.engine import Engine

    rows: list[figures.Row] = []
    if {"listing", "rights"} & set(wanted):
        rows += listing.measure()
    if "rights" in wanted:
        rows += rights.measure()
    if "listing" in wanted:
        rows += listing.measure_page()
    if not set(wanted) - {"listing", "rights"}:
        print(figures.table(rows))
        return
    engine = Engine(settings.ENGINE_URL)
    if not engine.answers():
        sys.exit(f"No Docker engine answers at {engine.url}; set LIGHTD_ENGINE_URL.")
    engine.make_image()
    if "sweep" in wanted:
        rows += sweep.measure(engine)
    parts: dict[str, Callable[[Lightd], list[figures.Row]]] = {
        "power": partial(power.measure, call_bar=30 if grown else 150),
        "console": console.measure,
        "supervised": supervised.measure,
        "quota": quota.measure,
        "files": files.measure,
        "rows": live_rows.measure,
        "archives": archives.measure,
        "sftp": sftp.measure,
    }
    (folder / "site").mkdir()
    site = (GrownLightd if grown else Lightd)(folder / "site", engine)
    try:
        site.start()
        site.wait_ready()
        if "idle" in wanted:
            rows += idle.measure(site)
        if shares:
            print("\n".join(idle.shares(idle.cpu_share(site))))
        for part, measure in parts.items():
            if part in wanted:
                rows += measure(site)
    finally:
        site.close()
    print(figures.table(rows))


if __name__ == "__main__":
    main()
