"""`.lightdignore`: as Git would read it, and whatever a hostile container writes there."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.errors import Invalid
from volumes.backups import ignoring
from volumes.tree import Entry, Kind, Tree

ENTRY = Entry(name="", kind=Kind.FILE, size=0, mode=0, modified_ns=0, version="")
FOLDER = Entry(name="", kind=Kind.DIRECTORY, size=0, mode=0, modified_ns=0, version="")


def rules(folder: Path, text: str | bytes) -> ignoring.Ignores:
    (folder / ignoring.FILE).write_bytes(text.encode() if isinstance(text, str) else text)
    with Tree.at(folder) as tree:
        return ignoring.ignores(tree)


@pytest.mark.parametrize(
    ("patterns", "ignored", "kept"),
    [
        ("*.log", ["a.log", "deep/er/b.log"], ["a.log2", "log"]),
        ("cache/", ["cache/x", "deep/cache/x/y"], ["cached/x"]),
        ("/cache", ["cache", "cache/x"], ["deep/cache"]),
        ("a/**/z", ["a/z", "a/b/c/z"], ["z", "b/a/z"]),
        ("*.log\n!keep.log", ["a.log"], ["keep.log"]),
        ("!keep.log\n*.log", ["keep.log"], []),
        ("# no\n\n\\#yes", ["#yes"], ["no"]),
        ("file[0-3]", ["file2"], ["file4"]),
        ("a?c", ["abc"], ["a/c", "ac"]),
        ("**", ["anything", "at/all"], []),
        ("with\\ space", ["with space"], []),
    ],
)
def test_as_git_reads_it(folder: Path, patterns: str, ignored: list[str], kept: list[str]) -> None:
    ignores = rules(folder, patterns)

    for path in ignored + kept:
        assert ignores(tuple(path.split("/")), ENTRY) == (path in ignored), path


def test_a_pattern_of_a_folder_leaves_out_the_folder_itself(folder: Path) -> None:
    ignores = rules(folder, "cache/")

    assert ignores(("cache",), FOLDER)
    assert not ignores(("cache",), ENTRY)


def test_names_that_are_not_unicode(folder: Path) -> None:
    ignores = rules(folder, b"caf\xe9")

    assert ignores(("caf\udce9",), ENTRY)
    assert not ignores(("café",), ENTRY)


def test_without_one_nothing_is_left_out(folder: Path) -> None:
    with Tree.at(folder) as tree:
        assert not ignoring.ignores(tree)(("anything",), ENTRY)


def test_a_link_is_not_followed(folder: Path) -> None:
    (folder / ignoring.FILE).symlink_to("../outside/secret")

    with Tree.at(folder) as tree, pytest.raises(Invalid, match="Links are not followed"):
        ignoring.ignores(tree)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x" * 20_000, ".lightdignore is larger than 16 KiB"),
        ("\n".join("abcdefgh"[: number % 8 + 1] for number in range(600)), ".lightdignore has more than 500 patterns"),
        ("good\nworld\\", ".lightdignore: line 2 is no pattern"),
    ],
)
def test_one_that_is_none_is_refused(folder: Path, text: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules(folder, text)

    assert refused.value.sentence == sentence


@pytest.mark.parametrize(
    "pattern",
    ["*a" * 500 + "b", "**/a/" * 500 + "b", "[a-z]*" * 500 + "!", "*" * 8000 + "b", "?*" * 2000 + "b"],
    ids=["stars", "folders", "ranges", "many stars", "marks"],
)
def test_one_that_is_made_to_backtrack_does_not(folder: Path, pattern: str) -> None:
    """Python's own expressions would take longer than the world is old."""
    ignores = rules(folder, pattern)
    place = ("a" * 250,) * 16

    began = time.thread_time()
    assert not ignores(place, ENTRY)
    assert time.thread_time() - began < 5


def test_one_that_takes_too_long_ends_the_backup(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ignoring, "LONGEST", 0.0)

    with pytest.raises(Invalid, match="patterns that take too long"):
        rules(folder, "*a*b")(("a",) * 100, ENTRY)


@given(st.text(alphabet="ab*?[]!/\\#- .{}()^$|+", max_size=30))
@settings(max_examples=300)
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("volume")
    try:
        ignores = rules(folder, text)
    except Invalid:
        return
    ignores(("a", "b"), ENTRY)
