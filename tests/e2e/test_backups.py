"""Backups by real workers and a real supervisor: made when they are due, and though everything was killed."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.checksum import sha256_of
from tests.e2e.server import Lightd, object_of
from tests.waiting import wait_until


def new_volume(lightd: Lightd, megabytes: int) -> tuple[str, Path]:
    """A volume's address and folder, with as much noise in it."""
    made = lightd.http.post("/volumes", json={}).json()
    address = f"/volumes/{made['id']}"
    content = os.urandom(megabytes << 20)  # no piece of it twice: that would be packed in no time
    assert lightd.http.post(f"{address}/upload?path=world", content=content).status_code == 200
    return address, Path(lightd.http.get(address).json()["path"])


def backups(lightd: Lightd, address: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = object_of(lightd.http.get(f"{address}/backups"))["backups"]
    return listed


def good(lightd: Lightd, address: str) -> dict[str, Any]:
    def one() -> dict[str, Any] | None:
        return next((each for each in backups(lightd, address) if each["status"] == "good"), None)

    return wait_until(one, 120, "a backup is good")


def make_due(lightd: Lightd) -> None:
    """As if the time of every schedule had come, and a hundred more of them, while nobody was there."""
    with sqlite3.connect(lightd.folder / "storage/db.sqlite3", timeout=20) as database:
        database.execute("UPDATE volumes_backupschedule SET next_at = '2026-01-01 00:00:00'")


@pytest.mark.both_modes
def test_made_locked_restored_and_deleted(lightd: Lightd) -> None:
    address, folder = new_volume(lightd, 1)
    checksum = sha256_of(folder / "world")
    assert lightd.http.post(f"{address}/backups", json={"name": "before"}).status_code == 202
    backup = f"/backups/{good(lightd, address)['id']}"
    assert lightd.http.patch(backup, json={"locked": True}).json()["locked"] is True
    (folder / "world").unlink()

    begun = lightd.http.post(f"{backup}/restore", json={"into": "same"})
    assert begun.status_code == 202, begun.text
    operation = f"{address}/operations/{begun.json()['operation']['id']}"
    wait_until(lambda: lightd.http.get(operation).json()["status"] == "done", 60, "it is restored")

    assert sha256_of(folder / "world") == checksum
    assert lightd.http.delete(backup).status_code == 409
    lightd.http.patch(backup, json={"locked": False})
    assert lightd.http.delete(backup).status_code == 200
    assert [each["is_safety_copy"] for each in backups(lightd, address)] == [True]


def test_one_that_was_missed_is_made_once_when_everything_is_back(own_lightd: Lightd) -> None:
    lightd = own_lightd
    address, _ = new_volume(lightd, 1)
    schedule = lightd.http.post(f"{address}/backup-schedules", json={"cron": "0 4 29 2 *"}).json()
    lightd.stop()
    make_due(lightd)

    lightd.start()

    made = good(lightd, address)
    assert (made["actor"], made["schedule_id"]) == ("schedule", schedule["id"])
    due = lightd.http.get(f"{address}/backup-schedules/{schedule['id']}").json()["next_at"]
    assert due > time.time()
    assert len(backups(lightd, address)) == 1


def test_everything_is_killed_while_one_is_made_and_while_one_is_restored(own_lightd: Lightd) -> None:
    lightd = own_lightd
    address, folder = new_volume(lightd, 256)
    checksum = sha256_of(folder / "world")
    begun = lightd.http.post(f"{address}/backups", json={}).json()["backup"]
    wait_until(lambda: begun_files(lightd), 30, "a worker gets on with it")

    crash_during(lightd, begun["operation_id"])
    lightd.start()

    made = good(lightd, address)
    stored = [path.name for path in (lightd.folder / "storage/backups").iterdir()]
    assert len(stored) == 1
    assert sha256_of(lightd.folder / "storage/backups" / stored[0]) == made["sha256"]

    (folder / "world").write_bytes(b"broken")
    restoring = lightd.http.post(f"/backups/{made['id']}/restore", json={"into": "same"}).json()["operation"]
    operation = f"{address}/operations/{restoring['id']}"
    wait_until(lambda: lightd.http.get(operation).json()["step"] == "unpacking", 30, "it is being unpacked")

    crash_during(lightd, restoring["id"])
    assert (folder / "world").stat().st_size in (6, 256 << 20)
    lightd.start()

    wait_until(lambda: lightd.http.get(operation).json()["status"] == "done", 120, "it is restored")
    assert sha256_of(folder / "world") == checksum


def begun_files(lightd: Lightd) -> list[Path]:
    """Archives that are being written, of which some megabytes are there: a worker says so a second later."""
    return [path for path in (lightd.folder / "storage/backups").glob("*.part") if path.stat().st_size > 4 << 20]


def crash_during(lightd: Lightd, operation: str) -> None:
    """Fails if the operation had ended by itself."""
    lightd.crash()
    with sqlite3.connect(lightd.folder / "storage/db.sqlite3", timeout=20) as database:
        found = database.execute("SELECT status FROM volumes_operation WHERE id = ?", [UUID(operation).hex])
        assert found.fetchall() == [("running",)]
