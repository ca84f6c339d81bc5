from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.mounts import require_root, unmount_below
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


def put(tree: Tree, path: str, content: bytes = b"", *, replace: bool = True) -> None:
    with tree.draft(parse(path)) as draft:
        draft.write(content)
        draft.publish(replace=replace)
