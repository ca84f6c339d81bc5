"""Who downloads from a slow store keeps nobody waiting, and waits for nobody."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from accounts.models import User
from tests.volumes.backups.working import made
from volumes.backups.downloads import Stored
from volumes.downloads import Span
from volumes.models import Volume

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_has_threads_of_its_own(alice: User, volume: Volume, folder: Path, backup_root: Path) -> None:
    backup = made(alice, volume)
    stored = Stored(backup, Span(0, backup.size or 0))
    others_are_done = Event()

    async def download() -> bytes:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        others = loop.run_in_executor(None, others_are_done.wait, 30)
        try:
            async with asyncio.timeout(10):
                return b"".join([piece async for piece in stored])
        finally:
            others_are_done.set()
            await others

    content = asyncio.run(download())

    stored.close()
    assert content == (backup_root / backup.file).read_bytes()
