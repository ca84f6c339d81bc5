"""What is wrong with one container keeps the supervisor from no other, and leaves nothing behind."""

import asyncio
import gc
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pytest_django import Settings

from containers.engine.answers import Seen
from containers.engine.watch import AsyncEngine, Happening
from containers.models import directory_of
from containers.supervisor.consoles import Consoles
from containers.supervisor.supervisor import Supervisor


@pytest.fixture(autouse=True)
def storage_root(tmp_path: Path, settings: Settings) -> None:
    settings.STORAGE_ROOT = tmp_path
    settings.ENGINE_URL = f"unix://{tmp_path}/none.sock"


def seen(container_id: UUID) -> Seen:
    return Seen(container_id.hex * 2, container_id, running=True, created=False)


async def test_a_console_whose_folder_cannot_be_made_keeps_no_other_from_being_held() -> None:
    broken, odd, whole = seen(uuid4()), seen(uuid4()), seen(uuid4())
    directory_of(broken.container_id).mkdir(parents=True)
    in_the_way = directory_of(broken.container_id) / "console"
    in_the_way.touch()
    (directory_of(odd.container_id) / "console" / "notes.log").mkdir(parents=True)
    consoles = Consoles(AsyncEngine("tests"), Supervisor())

    for entry in (broken, odd, whole):
        consoles.listen(entry)
    held = [bool(consoles.get(entry.docker_id)) for entry in (broken, odd, whole)]
    in_the_way.unlink()
    consoles.listen(broken)

    assert held == [False, False, True]
    assert consoles.get(broken.docker_id)
    await asyncio.sleep(0)
    await consoles.close()


async def test_what_happens_to_a_container_leaves_nothing_behind() -> None:
    """Its end may never be seen: the engine may be away then."""
    supervisor = Supervisor()
    for _ in range(10):
        await supervisor._handle(Happening("rename", "a" * 64, uuid4(), datetime.now(UTC)))

    gc.collect()
    assert not supervisor._turns


async def test_what_happens_to_one_container_is_taken_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor, container_id, done = Supervisor(), uuid4(), list[str]()
    first_may_end = asyncio.Event()

    async def destroyed(happening: Happening) -> None:
        if happening.docker_id == "first":
            await first_may_end.wait()
        done.append(happening.docker_id)

    monkeypatch.setattr(supervisor, "_destroyed", destroyed)
    async with asyncio.TaskGroup() as tasks:
        for docker_id, whose in (("first", container_id), ("second", container_id), ("another's", uuid4())):
            tasks.create_task(supervisor._handle(Happening("destroy", docker_id, whose, datetime.now(UTC))))
        await asyncio.sleep(0.1)
        gc.collect()
        assert done == ["another's"]
        first_may_end.set()

    assert done == ["another's", "first", "second"]
