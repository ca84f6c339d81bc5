"""Counting what is in a volume: quickly, and never out of it."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.volumes.conftest import nest
from volumes import contents
from volumes.contents import Contents
from volumes.tree import Tree, kernel


def count(folder: Path) -> Contents:
    with Tree.at(folder) as tree:
        return contents.count(tree)


def test_files_are_counted_at_any_depth(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "one").write_bytes(b"x" * 10)
    (tmp_path / "a/b/two").write_bytes(b"x" * 5)

    assert count(tmp_path) == Contents(2, 15, on_disk(tmp_path), complete=True)


def on_disk(folder: Path) -> int:
    """What is in it."""
    figure = subprocess.run(["du", "--summarize", "--block-size=1", folder], check=True, capture_output=True).stdout
    return int(figure.split()[0]) - folder.stat().st_blocks * 512


def test_a_hole_takes_nothing_and_two_names_take_no_more_than_one(tmp_path: Path) -> None:
    (tmp_path / "hole").touch()
    os.truncate(tmp_path / "hole", 1 << 30)
    (tmp_path / "one").write_bytes(b"x" * 50_000)
    (tmp_path / "two").hardlink_to(tmp_path / "one")

    assert 50_000 <= count(tmp_path).on_disk == on_disk(tmp_path) < 60_000


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside, volume = tmp_path / "outside", tmp_path / "volume"
    outside.mkdir()
    volume.mkdir()
    (outside / "large").write_bytes(b"x" * 1000)
    (volume / "file").symlink_to(outside / "large")
    (volume / "folder").symlink_to(outside)

    assert count(volume).size == 0


@pytest.mark.parametrize("way", ["openat2", "walk"], indirect=True)
def test_what_a_container_swaps_in_for_a_folder_is_not_opened(tmp_path: Path, way: str) -> None:
    """A pipe would be waited for without end, and a link would lead to anything of the host's."""
    outside, volume = tmp_path / "outside", tmp_path / "volume"
    for folder in (outside, volume / "folder"):
        folder.mkdir(parents=True)
    (outside / "large").write_bytes(b"x" * 1000)
    (volume / "link").symlink_to(outside)
    os.mkfifo(volume / "pipe")

    with swapping(volume, "folder", "pipe"), swapping(volume, "folder", "link"):
        for _ in range(500):
            assert count(volume).size == 0


@contextmanager
def swapping(volume: Path, *names: str) -> Iterator[None]:
    """Two entries change places again and again, each time in one step."""
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            kernel.exchange(volume / names[0], volume / names[1])

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """Folders in folders, as a program makes them that goes down step by step."""
    nest(tmp_path, "deep", 1500)
    yield tmp_path
    subprocess.run(["rm", "--recursive", tmp_path / "deep"], check=True)  # deeper than Python goes


def test_what_lies_deeper_than_a_path_may_be_long_is_more(deep: Path) -> None:
    found = count(deep)

    assert (found.files, found.complete) == (0, False)


def test_what_takes_too_long_is_counted_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").write_bytes(b"x")
    monkeypatch.setattr(contents, "AT_MOST", -1)

    assert count(tmp_path) == Contents(0, 0, 0, complete=False)
