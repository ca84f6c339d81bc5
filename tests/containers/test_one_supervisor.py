"""Of two supervisors of one storage root, one is at work; the other waits, and takes over at once."""

import asyncio
import os
from pathlib import Path

import pytest

from containers.supervisor import supervisor


async def test_a_second_one_waits_until_the_first_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LOCK_RETRY", 0.05)
    first = await supervisor.take_lock(tmp_path / "supervisor.lock")

    second = asyncio.create_task(supervisor.take_lock(tmp_path / "supervisor.lock"))
    await asyncio.sleep(0.5)
    assert not second.done()
    os.close(first)  # as the kernel does for one that was killed

    async with asyncio.timeout(10):
        os.close(await second)
