"""A volume's size against a real engine: the container meets it itself, whatever it does."""

import hashlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.server import ROOT, Lightd
from tests.e2e.serving import LightdFactory, serving
from tests.engine import Engine, tied_to_us
from tests.mounts import break_image, mounts_below, unmount_below
from tests.waiting import wait_until

MIB = 1 << 20
DD = "dd if=/dev/zero of={} bs=1M count={} conv=fsync"


@pytest.fixture
def volume(lightd: Lightd) -> str:
    return new_volume(lightd, 64)


def new_volume(lightd: Lightd, megabytes: int) -> str:
    answer = lightd.http.post("/volumes", json={"size": megabytes})
    assert answer.status_code == 201, answer.text
    volume: str = answer.json()["id"]
    return volume


def running(lightd: Lightd, volume: str) -> str:
    container = lightd.create(volume_id=volume)
    lightd.start_and_wait(container)
    return container


def shell(lightd: Lightd, container: str, command: str) -> str:
    """What it says, however it ends."""
    return lightd.run_in(container, "bash", "-c", f"cd /home/container; {command} 2>&1; true")


def quota(lightd: Lightd, volume: str) -> Any:
    answer = lightd.http.get(f"/volumes/{volume}/quota")
    assert answer.status_code == 200, answer.text
    return answer.json()


def resize(lightd: Lightd, volume: str, megabytes: int) -> Any:
    answer = lightd.http.post(f"/volumes/{volume}/resize", json={"size": megabytes}, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_container_stops_at_the_limit_and_goes_on_when_it_is_raised(lightd: Lightd, volume: str) -> None:
    container = running(lightd, volume)

    said = shell(lightd, container, DD.format("world", 200))
    assert "No space left on device" in said
    assert quota(lightd, volume) == {
        "size_mb": 64,
        "used_mb": 64.0,
        "available_mb": 0.0,
        "percentage_used": 100.0,
        "held": True,
    }

    assert resize(lightd, volume, 256)["available_mb"] > 190
    shell(lightd, container, "rm world")
    assert "No space left" not in shell(lightd, container, DD.format("world", 200))
    assert 199.5 < quota(lightd, volume)["used_mb"] < 201

    shell(lightd, container, "rm world")
    assert resize(lightd, volume, 32)["available_mb"] == 32
    assert "No space left on device" in shell(lightd, container, DD.format("world", 40))


def test_a_program_that_writes_meanwhile_does_not_notice(lightd: Lightd, volume: str) -> None:
    container = running(lightd, volume)
    shell(lightd, container, "for i in $(seq 60); do dd if=/dev/zero of=f$i bs=1M count=1 status=none; done")

    shell(lightd, container, "(until [ -s done ]; do dd if=/dev/zero bs=1M count=120 of=big; echo $? >done; done) & ")
    wait_until(lambda: shell(lightd, container, "cat done").strip() == "1", 60, "it is full")
    resize(lightd, volume, 200)

    assert "120+0 records out" in shell(lightd, container, "dd if=/dev/zero bs=1M count=120 of=big")


def test_what_is_free_is_true_inside(lightd: Lightd, volume: str) -> None:
    container = running(lightd, volume)

    free = int(shell(lightd, container, "df --output=avail --block-size=1M /home/container | tail -1"))

    assert 63 <= free <= 66


def test_root_in_the_container_finds_nothing_of_the_rest(lightd: Lightd, volume: str) -> None:
    container = running(lightd, volume)

    assert shell(lightd, container, "ls -A /home/container").strip() == ""
    assert shell(lightd, container, "ls -A /home/container/..").strip() == "container"
    assert shell(lightd, container, f"ls {lightd.folder}").startswith("ls: cannot access")
    assert "bin" in shell(lightd, container, "ls /")


def test_every_door_says_that_it_is_full_and_leaves_nothing_half_done(lightd: Lightd, volume: str) -> None:
    http, url = lightd.http, f"/volumes/{volume}"
    shell_of = running(lightd, volume)
    packed = http.post(f"{url}/files", json={"path": "text", "content": "x" * 500_000})
    assert packed.status_code == 200
    assert http.post(f"{url}/upload?path=noise", content=os.urandom(8 * MIB)).status_code == 200
    assert http.post(f"{url}/compress", json={"format": "tar", "output_name": "packed"}).status_code == 200
    shell(lightd, shell_of, DD.format("filler", 200))
    before = names(lightd, volume)

    for answer in (
        http.post(f"{url}/files", json={"path": "new", "content": "x" * 500_000}),
        http.post(f"{url}/upload?path=big", content=os.urandom(4 * MIB)),
        http.post(f"{url}/copy", json={"source": "noise", "destination": "copy"}),
        http.post(f"{url}/decompress", json={"archive_path": "packed.tar", "destination": "unpacked"}),
        http.post(f"{url}/compress", json={"format": "tar", "output_name": "again"}),
    ):
        assert (answer.status_code, answer.json()["error"]) == (507, "The volume is full")

    assert names(lightd, volume) == before


def names(lightd: Lightd, volume: str) -> list[str]:
    return sorted(entry["name"] for entry in lightd.http.get(f"/volumes/{volume}/files").json()["files"])


def test_after_the_host_has_started_all_are_mounted_and_whole(make_lightd: LightdFactory) -> None:
    lightd = make_lightd()
    volumes = [new_volume(lightd, 64) for _ in range(3)]
    container = running(lightd, volumes[0])
    shell(lightd, container, "head -c 5000000 /dev/urandom > world; sync world")
    checksum = digest(lightd.files(container) / "world")
    lightd.act(container, "kill")
    lightd.wait_state(container, "ready")

    lightd.crash()
    unmount_below(lightd.folder)
    broken = lightd.folder / "storage/images" / f"{volumes[1]}.ext4"
    break_image(broken)
    lightd.start()

    storage = lightd.folder / "storage"
    wait_until(lambda: len(mounts_below(storage)) == 2, 60, "the two that are whole are mounted")
    assert digest(lightd.files(container) / "world") == checksum
    assert f"volume {volumes[1]} is not mounted" in lightd.log_tail()
    refused = lightd.http.get(f"/volumes/{volumes[1]}/files")
    assert refused.status_code == 503
    assert refused.json()["error"].startswith("The volume's image is damaged; on the host: e2fsck -f /")
    lightd.start_and_wait(container)
    assert "No space left on device" in shell(lightd, container, DD.format("more", 200))


def test_a_server_that_is_killed_again_and_again_while_it_resizes_loses_nothing(make_lightd: LightdFactory) -> None:
    lightd = make_lightd()
    volume = new_volume(lightd, 64)
    container = running(lightd, volume)
    shell(lightd, container, "for i in $(seq 20); do head -c 500000 /dev/urandom > world$i; done; sync")
    sums = shell(lightd, container, "sha256sum world*")

    for megabytes, pause in ((128, 0.02), (32, 0.05), (256, 0.1)):
        with ThreadPoolExecutor(1) as threads:
            threads.submit(resize_or_lose_the_answer, lightd, volume, megabytes)
            time.sleep(pause)  # wherever it is by then
            lightd.crash()
        lightd.start()
        wait_resized(lightd, volume, megabytes)
        assert quota(lightd, volume)["size_mb"] == megabytes

    assert shell(lightd, container, "sha256sum world*") == sums
    assert 245 < quota(lightd, volume)["available_mb"] < 247


def wait_resized(lightd: Lightd, volume: str, megabytes: int) -> None:
    wait_until(lambda: resize_or_lose_the_answer(lightd, volume, megabytes) == 200, 60, "it is done")


def resize_or_lose_the_answer(lightd: Lightd, volume: str, megabytes: int) -> int:
    """The status; 0 if the server was killed before it answered."""
    try:
        answer = httpx.post(
            f"{lightd.url}/volumes/{volume}/resize", json={"size": megabytes}, headers=lightd.http.headers, timeout=60
        )
    except httpx.TransportError:
        return 0
    return answer.status_code


def test_an_engine_that_does_not_see_the_mounts_runs_nothing_without_a_limit(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with serving(Apart(tmp_path_factory.mktemp("apart"), engine)) as lightd:
        container = lightd.create(wait="failed")

        assert lightd.get(container)["error"].startswith("Docker does not see the volume's file system")


class Apart(Lightd):
    """A server whose mounts nobody else sees, as a unit of systemd's with PrivateMounts. It sees ours come and go."""

    def _begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            command = ["unshare", "--mount", "--propagation=slave", sys.executable, "manage.py", *arguments]
            return subprocess.Popen(
                tied_to_us(*command), cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
