"""Archives by real workers: done while the request waits, cancelled, and killed in the middle."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.server import Lightd, object_of
from tests.waiting import wait_until

MEGABYTE = 1 << 20
SLOW = {"format": "tar.bz2", "output_name": "slow", "paths": ["noise"]}  # some ten megabytes a second


def volume_of(lightd: Lightd, megabytes: int = 1) -> tuple[str, Path]:
    """A volume's address and folder, with as much noise in it, and a small file."""
    made = lightd.http.post("/volumes", json={}).json()
    folder = Path(made["path"])
    with (folder / "noise").open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(MEGABYTE))
    return f"/volumes/{made['volume_id']}", folder


def begin(lightd: Lightd, address: str) -> str:
    """Begins a slow one, and returns where to ask for it once a worker has begun."""
    answer = lightd.http.post(f"{address}/compress", json={**SLOW, "background": True})
    assert answer.status_code == 202, answer.text
    operation = f"{address}/operations/{answer.json()['operation']['id']}"
    wait_until(lambda: shown(lightd, operation)["done_bytes"] > 0, 30, "a worker gets on with it")
    return operation


def shown(lightd: Lightd, operation: str) -> dict[str, Any]:
    return object_of(lightd.http.get(operation))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.both_modes
def test_the_answer_comes_when_it_is_done(lightd: Lightd) -> None:
    address, folder = volume_of(lightd)

    made = lightd.http.post(f"{address}/compress", json={"format": "tar.zst", "output_name": "a"})
    back = lightd.http.post(f"{address}/decompress", json={"archive_path": "a.tar.zst", "destination": "out"})

    assert made.json()["size"] == (folder / "a.tar.zst").stat().st_size
    assert back.json() == {"message": "Decompression successful", "destination": "out"}
    assert (folder / "out/noise").read_bytes() == (folder / "noise").read_bytes()


@pytest.mark.both_modes
def test_it_is_cancelled_in_the_middle(lightd: Lightd) -> None:
    address, folder = volume_of(lightd, 200)
    operation = begin(lightd, address)
    seen = shown(lightd, operation)
    assert (seen["status"], seen["total_bytes"]) == ("running", 200 * MEGABYTE)

    assert lightd.http.delete(operation).status_code == 200

    wait_until(lambda: names(folder) == ["noise"], 30, "the worker has cleared away")
    assert shown(lightd, operation)["status"] == "cancelled"


def test_killed_workers_are_made_up_for(own_lightd: Lightd) -> None:
    address, folder = volume_of(own_lightd, 40)
    operation = begin(own_lightd, address)

    own_lightd.kill_role("installs")

    wait_until(lambda: shown(own_lightd, operation)["status"] == "done", 120, "other workers have done it")
    assert names(folder) == ["noise", "slow.tar.bz2"]


def test_a_request_that_waits_does_not_hold_up_the_server_s_end(own_lightd: Lightd) -> None:
    address, _ = volume_of(own_lightd, 200)
    url, headers = f"{own_lightd.url}{address}/compress", own_lightd.http.headers
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(httpx.post, url, json=SLOW, headers=headers, timeout=60)
        operations = f"{address}/operations"
        wait_until(lambda: own_lightd.http.get(operations).json()["operations"], 30, "it is asked for")

        own_lightd.stop()

        assert object_of(asked.result(), 202)["operation"]["status"] in ("queued", "running")
