"""Limits that Docker could not hold."""

import os
from typing import Any

import pytest

from tests.e2e.server import Lightd

pytestmark = pytest.mark.usefixtures("nothing_changes")

MEMORY = "Memory limit must be at least 6291456 bytes (6 MiB)"


@pytest.mark.parametrize("memory", [1, 0, -1, 6 * 1024 * 1024 - 1])
def test_memory(lightd: Lightd, memory: int) -> None:
    refused(lightd, {"memory": memory}, "memory", MEMORY)


@pytest.mark.parametrize("cpu", [0, 0.0, -1, 1000, 1e300])
def test_cpu(lightd: Lightd, cpu: float) -> None:
    refused(lightd, {"cpu": cpu}, "cpu", f"CPU limit must be from 0.01 to {os.cpu_count()} cores")


def refused(lightd: Lightd, limits: dict[str, Any], field: str, sentence: str) -> None:
    answer = lightd.http.post("/containers", json=lightd.body(limits=limits))

    assert answer.status_code == 400
    assert answer.json() == {"error": sentence, "details": {f"limits.{field}": [sentence]}}


def test_memory_beyond_every_machine(lightd: Lightd) -> None:
    answer = lightd.http.post("/containers", json=lightd.body(limits={"memory": 2**64}))

    assert answer.status_code == 400
    assert list(answer.json()["details"]) == ["limits.memory"]
