"""Host paths that would give the host away."""

from pathlib import Path

import pytest

from tests.e2e.server import Lightd

pytestmark = pytest.mark.usefixtures("nothing_changes")


def refused(lightd: Lightd, source: str) -> None:
    answer = lightd.http.post("/containers", json=lightd.body(mount={"/data": source}))

    assert answer.status_code == 403, answer.text
    assert answer.json() == {"error": f"Host path may not be mounted: {source}"}


@pytest.mark.parametrize(
    "source",
    [
        *("/", "//", "/etc", "/etc/", "/etc/ssl", "/tmp/../etc", "/proc/1/root", "/sys", "/dev", "/boot", "/root"),
        *("/run", "/var/run", "/var/run/docker.sock", "/run/docker.sock"),
        *("/var", "/var/lib", "/var/lib/docker", "/var/lib/docker/volumes"),
    ],
)
def test_a_protected_path(lightd: Lightd, source: str) -> None:
    refused(lightd, source)


def test_our_own_storage_and_what_holds_it(lightd: Lightd) -> None:
    for path in (lightd.folder / "storage", lightd.folder / "storage" / "volumes", lightd.folder):
        refused(lightd, str(path))


def test_a_link_to_a_protected_path(lightd: Lightd, tmp_path: Path) -> None:
    link = tmp_path / "harmless"
    link.symlink_to("/etc")

    refused(lightd, str(link))
    refused(lightd, str(link / "ssl"))


def test_a_link_to_a_link_to_one(lightd: Lightd, tmp_path: Path) -> None:
    (tmp_path / "first").symlink_to("second")
    (tmp_path / "second").symlink_to("/var/run/docker.sock")

    refused(lightd, str(tmp_path / "first"))


@pytest.mark.parametrize(
    ("target", "source", "sentence"),
    [
        ("/data", "relative", "Host path is not absolute: relative"),
        ("/data", "/bin/sh/below", "Host path cannot be mounted: /bin/sh/below (Not a directory)"),
        ("/data", "/" + "a" * 300, f"Host path cannot be mounted: /{'a' * 300} (File name too long)"),
        ("data", "/tmp", "Container path is not a plain absolute path: data"),
        ("/a/../app/data", "/tmp", "Container path is not a plain absolute path: /a/../app/data"),
        ("/", "/tmp", "Container path is already used: /"),
        ("/app/data", "/tmp", "Container path is already used: /app/data"),
        ("/home/container", "/tmp", "Container path is already used: /home/container"),
        ("/proc/sys", "/tmp", "Container path belongs to the kernel: /proc/sys"),
    ],
)
def test_a_path_that_cannot_be(lightd: Lightd, tmp_path: Path, target: str, source: str, sentence: str) -> None:
    given = str(tmp_path) if source == "/tmp" else source

    answer = lightd.http.post("/containers", json=lightd.body(mount={target: given}))

    assert answer.status_code == 400
    assert answer.json()["error"] == sentence


def test_only_administrators_mount(lightd: Lightd, tmp_path: Path) -> None:
    token = lightd.http.post("/auth/tokens", json={"ttl": "1h", "scopes": ["view", "create"]}).json()["token"]

    answer = lightd.http.post(
        "/containers",
        json=lightd.body(mount={"/data": str(tmp_path)}),
        headers={"Authorization": f"Bearer {token}"},
    )

    assert answer.status_code == 403
    assert answer.json() == {"error": f"Host path may not be mounted: {tmp_path} (administrators only)"}
