import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from tests.mounts import require_root, unmount_below
from volumes import storage
from volumes.models import Volume
from volumes.tree import Tree, kernel, parse


@pytest.fixture(autouse=True)
def storage_root(tmp_path: Path, settings: Settings) -> Path:
    settings.STORAGE_ROOT = tmp_path / "var"
    return tmp_path / "var"


@pytest.fixture
def images(storage_root: Path, settings: Settings) -> Iterator[None]:
    """New volumes have a file system of their own."""
    require_root()
    settings.VOLUMES = "images"
    yield
    unmount_below(storage_root)


@pytest.fixture(params=["images", "directories"])
def each_storage(request: pytest.FixtureRequest, settings: Settings) -> str:
    """Both sorts of volumes."""
    if request.param == "images":
        request.getfixturevalue("images")
    return str(request.param)


@pytest.fixture(params=["openat2", "walk"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to resolve a path: in one call of the kernel's, and name by name where that is missing."""
    if request.param == "walk":
        monkeypatch.setattr(kernel, "has_openat2", lambda: False)
    else:
        assert kernel.has_openat2()
    return str(request.param)


@pytest.fixture
def volume(alice: User) -> Volume:
    """Alice's, with nothing behind it."""
    return Volume.objects.create(owner=alice)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a tree is of, with something beside it that nobody may reach."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("secret")
    (tmp_path / "volume").mkdir()
    return tmp_path / "volume"


@pytest.fixture
def tree(folder: Path, way: str) -> Iterator[Tree]:
    with Tree.at(folder) as tree:
        yield tree


def names(tree: Tree, path: str = "") -> list[str]:
    return [entry.name for entry in tree.list(parse(path))[0]]


def volume_with(owner: User, name: str, content: bytes) -> Volume:
    """One of 64 MB, with a file in it."""
    volume = storage.create(owner, quota_mb=64)
    with storage.tree(volume) as tree:
        put(tree, name, content)
    return volume


def nest(folder: Path, name: str, depth: int) -> None:
    """Folders in folders, as a program makes them that goes down step by step: deeper than a path can be long."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=here)
        there = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = there
    os.close(here)


def put(tree: Tree, path: str, content: bytes = b"", *, replace: bool = True) -> None:
    with tree.draft(parse(path)) as draft:
        draft.write(content)
        draft.publish(replace=replace)
