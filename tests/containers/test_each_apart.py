"""What is wrong with one container keeps the supervisor from no other."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pytest_django import Settings

from containers.engine.answers import Seen
from containers.engine.watch import AsyncEngine
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
