"""Which paths are taken, and how names that are no Unicode are written."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import Invalid
from tests.volumes.conftest import names, put
from volumes.tree import Tree, parse
from volumes.tree.names import TRAVERSAL, on_disk, shown

LEGAL = [
    "a..b",
    "...",
    "..a",
    " ",
    " a ",
    "a\nb",
    "-rf",
    "über",
    "日本語",
    "🙂",
    "a\\b",
    '"',
    "x" * 255,
    "ü" * 127,
    "\uf7ff",
]


@pytest.mark.parametrize("path", ["..", "a/..", "../a", "a/../b", "/", "/etc/passwd", "a/\0", "./../x"])
def test_what_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse(path)

    assert refusal.value.sentence == TRAVERSAL == "Invalid path: path traversal detected"


@pytest.mark.parametrize("path", ["x" * 256, "ü" * 128, "\ud800"])
def test_what_no_disk_can_have_is_refused(path: str) -> None:
    with pytest.raises(Invalid, match=r"^Invalid path: "):
        parse(path)


def test_empty_names_and_dots_mean_nothing() -> None:
    assert parse("a//b/./c/") == ("a", "b", "c")
    assert parse("") == parse(".") == ()


@pytest.mark.parametrize("name", LEGAL)
def test_legal_names_stay_legal(tree: Tree, name: str) -> None:
    put(tree, name, b"content")

    (entry,) = tree.list(())[0]

    assert shown(entry.name) == name
    with tree.open(parse(name)) as file:
        assert file.read(0, 100) == b"content"


def test_a_name_that_is_no_unicode_is_shown_and_found_again(tree: Tree, folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9")).write_text("latin-1")

    name = shown(names(tree)[0])

    assert json.loads(json.dumps(name).encode()) == name == "caf\uf7e9"
    with tree.open(parse(name)) as file:
        assert file.read(0, 100) == b"latin-1"


@given(st.binary(min_size=1, max_size=255).filter(lambda name: not {b"/", b"\0"} & {bytes([byte]) for byte in name}))
def test_each_name_has_one_spelling_that_leads_back(name: bytes) -> None:
    spelling = shown(os.fsdecode(name))

    assert os.fsencode(on_disk(spelling)) == name
    spelling.encode()
