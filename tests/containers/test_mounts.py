"""Host paths: what an administrator may mount, and what nobody may."""

import os
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from containers import mounts
from rules.errors import Forbidden, Invalid


@pytest.fixture(autouse=True)
def storage(settings: Settings, tmp_path: Path) -> Path:
    """Our storage beside folders that a test may mount, the engine's socket in a folder of its own."""
    root = tmp_path / "mnt" / "a"
    root.mkdir(parents=True)
    settings.STORAGE_ROOT = root
    (tmp_path / "docker").mkdir()
    settings.ENGINE_URL = f"unix://{tmp_path}/docker/engine.sock"
    return root


def refused(source: str | Path) -> None:
    with pytest.raises(Forbidden) as error:
        mounts.resolve({"/data": str(source)})
    assert error.value.sentence == f"Host path may not be mounted: {source}"


@pytest.mark.parametrize(
    "source",
    [
        "/",
        "//",
        "/.",
        "/..",
        "/etc",
        "/etc/",
        "//etc",
        "/./etc",
        "/tmp/../etc",
        "/etc/passwd",
        "/etc/no-such-file",
        "/proc/1/root",
        "/proc/self/cwd",
        "/sys",
        "/dev/sda",
        "/boot",
        "/root/.ssh",
        "/run/docker.sock",
        "/var/run/docker.sock",
        "/var/lib/docker/volumes",
        "/var/lib",
        "/var",
    ],
)
def test_protected_paths_and_what_holds_them_are_refused(source: str) -> None:
    refused(source)


def test_our_own_storage_what_is_in_it_and_what_holds_it_are_refused(storage: Path) -> None:
    for path in (storage, storage / "volumes", storage.parent, storage.parent.parent):
        refused(path)


def test_the_engines_socket_and_its_folder_are_refused(tmp_path: Path) -> None:
    refused(tmp_path / "docker" / "engine.sock")
    refused(tmp_path / "docker")


def test_links_to_protected_paths_are_refused(storage: Path, tmp_path: Path) -> None:
    folder = tmp_path / "links"
    folder.mkdir()
    (folder / "etc").symlink_to("/etc")
    (folder / "up").symlink_to("../../../../../../../../etc")
    (folder / "again").symlink_to(folder / "etc")
    (folder / "storage").symlink_to(storage)
    (folder / "all").symlink_to("/")

    for path in ("etc", "up", "again", "etc/ssl", "storage", "storage/volumes", "all", "all/etc/passwd"):
        refused(folder / path)


def test_a_path_through_a_protected_one_is_refused_wherever_it_leads(tmp_path: Path) -> None:
    refused(f"/proc/self/root{tmp_path}")


def test_paths_are_compared_part_by_part(storage: Path) -> None:
    neighbour = storage.with_name("ab")
    neighbour.mkdir()

    assert mounts.resolve({"/data": str(neighbour)}) == {"/data": str(neighbour)}


def test_what_is_mounted_is_what_was_checked_and_not_the_link(tmp_path: Path) -> None:
    world = tmp_path / "worlds" / "one"
    world.mkdir(parents=True)
    link = tmp_path / "current"
    link.symlink_to(world)

    assert mounts.resolve({"/data/": f"{link}/../one"}) == {"/data": str(world)}


def test_a_link_changed_after_the_check_is_refused_at_the_next(tmp_path: Path) -> None:
    (tmp_path / "world").mkdir()
    link = tmp_path / "current"
    link.symlink_to(tmp_path / "world")
    mounts.resolve({"/data": str(link)})

    link.unlink()
    link.symlink_to("/etc")

    refused(link)


@pytest.mark.parametrize("source", ["relative", "", "./x", "~/x", "/" + "x" * 300, "/etc/../bin/sh/below"])
def test_a_host_path_that_is_relative_or_cannot_be_is_invalid(source: str) -> None:
    with pytest.raises(Invalid, match="Host path"):
        mounts.resolve({"/data": source})


def test_a_link_in_a_circle_is_invalid(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")

    with pytest.raises(Invalid, match="Host path cannot be mounted"):
        mounts.resolve({"/data": str(tmp_path / "loop")})


def test_a_host_path_that_is_not_there_is_made_with_its_container(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("where/it/leads")
    (tmp_path / "there").mkdir()
    mount = {"/there": str(tmp_path / "there"), "/new": str(tmp_path / "a" / "b"), "/linked": str(tmp_path / "link")}

    missing = mounts.missing(mount)
    assert missing == [str(tmp_path / "a" / "b"), str(tmp_path / "where" / "it" / "leads")]
    assert not (tmp_path / "a").exists()

    for _ in range(2):  # a job that is run again
        mounts.make_missing(missing)
    assert mounts.resolve_present(mount)["/new"] == str(tmp_path / "a" / "b")


def test_a_host_path_that_is_not_there_any_more_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="Host path does not exist"):
        mounts.resolve_present({"/data": str(tmp_path / "unmounted")})


def test_a_folder_changed_for_a_link_to_a_protected_path_is_not_made_behind_it(tmp_path: Path, storage: Path) -> None:
    missing = mounts.missing({"/data": str(tmp_path / "a" / "b")})
    (tmp_path / "a").symlink_to(storage)

    with pytest.raises(Forbidden):
        mounts.make_missing(missing)
    assert not (storage / "b").exists()


def test_a_host_path_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Invalid, match="Host path"):
        mounts.make_missing([str(tmp_path / "file" / "below")])


@pytest.mark.parametrize(
    "target",
    [
        "",
        "data",
        "../data",
        "/data/../etc",
        "//data",
        "/data:ro",
        "/",
        "/home",
        "/home/container",
        "/home/container/",
        "/home/./container",
        "/app",
        "/app/data",
        "/app/data/entrypoint.sh",
        "/proc",
        "/proc/sys",
        "/sys/fs/cgroup",
        "/dev/shm",
    ],
)
def test_a_container_path_that_hides_one_of_ours_or_is_not_plain_is_invalid(target: str, tmp_path: Path) -> None:
    (tmp_path / "world").mkdir()

    with pytest.raises(Invalid, match="Container path"):
        mounts.resolve({target: str(tmp_path / "world")})


@pytest.mark.parametrize("target", ["/home/container/world", "/home/containers", "/app/database", "/data", "/etc/x"])
def test_other_container_paths_are_taken(target: str, tmp_path: Path) -> None:
    (tmp_path / "world").mkdir()

    assert mounts.resolve({target: str(tmp_path / "world")}) == {target: str(tmp_path / "world")}


def test_one_container_path_given_twice_is_invalid(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()

    with pytest.raises(Invalid, match="Container path is already used: /data/"):
        mounts.resolve({"/data": str(tmp_path / "one"), "/data/": str(tmp_path / "two")})


def test_files_can_be_mounted_and_need_not_be_readable_by_us(tmp_path: Path) -> None:
    file = tmp_path / "server.properties"
    file.touch(mode=0o000)

    assert mounts.resolve({"/data/server.properties": os.fspath(file)}) == {"/data/server.properties": os.fspath(file)}
