"""What we import ourselves is in requirements.in, and in docs/dependencies.md with its reason."""

import ast
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
OURS = ("accounts", "containers", "lightd_site", "ports", "rules", "volumes", "work")


@cache
def imported() -> dict[str, set[str]]:
    """What our own files import, in functions as well, and the packages that it may come from."""
    trees = [ast.parse(path.read_text()) for folder in OURS for path in (ROOT / folder).rglob("*.py")]
    modules = {name for tree in trees for node in ast.walk(tree) for name in modules_of(node)}
    others = {name.partition(".")[0] for name in modules} - set(OURS) - sys.stdlib_module_names
    known = packages_distributions()
    # What is not installed is another Python's own.
    return {name: {canonicalize_name(package) for package in known[name]} for name in others if name in known}


def modules_of(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [each.name for each in names]
        case ast.ImportFrom(module=str(module), level=0):
            return [module]
    return []


def required() -> set[str]:
    lines = (ROOT / "requirements.in").read_text().splitlines()
    return {canonicalize_name(Requirement(line).name) for line in lines if line and not line.startswith("#")}


def documented() -> set[str]:
    """The first column of the first table."""
    first, _, _ = (ROOT / "docs/dependencies.md").read_text().partition("In the browser")
    cells = re.findall(r"^\| ([^|]+) \|", first, re.MULTILINE)
    return {canonicalize_name(name) for cell in cells for name in cell.split(", ") if name not in ("Package", "---")}


def test_what_is_imported_is_required() -> None:
    needed = required()

    assert {name for name, packages in imported().items() if not packages & needed} == set()


def test_what_is_required_is_documented() -> None:
    assert documented() == required()


@pytest.mark.parametrize("name", ["django", "zope"])
def test_the_imports_are_seen(name: str) -> None:
    assert imported()[name]
