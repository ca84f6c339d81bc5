"""`.lightdignore`: what a volume's backups leave out, in the syntax of `.gitignore`.

The container writes it, and is hostile. So it is read through the safe tree and as far as its limits, and its patterns
are matched by RE2, whose time is linear in the path: `pathspec` only translates them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import groupby
from typing import Any

import re2
from pathspec.patterns.gitignore import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from rules.errors import Invalid, NotFound
from volumes.tree import Entry, Kind, Place, Tree
from volumes.tree.names import path_of, shown

FILE = ".lightdignore"
LARGEST = 16 << 10  # bytes
MOST_PATTERNS = 500
# Seconds that matching may take for one backup: patterns made for it can cost RE2 a tenth of one for each path.
LONGEST = 60.0
# Bytes that RE2 may take for all patterns that stand beside each other.
_MEMORY = 32 << 20

Ignores = Callable[[Place, Entry], bool]

# How `pathspec` marks a folder in its expressions. RE2 takes no name twice, and we ask for the answer alone.
_MARK, _PLAIN_MARK = "(?P<ps_d>/)", "/"


def ignores(tree: Tree) -> Ignores:
    """Whether the volume's own list leaves an entry out. Raises Invalid, with the line, for a list that is not one."""
    rules = _rules(_lines(tree))
    spent = 0.0

    def matches(place: Place, entry: Entry) -> bool:
        nonlocal spent
        began = time.thread_time()
        path = path_of(place) + "/" * (entry.kind == Kind.DIRECTORY)
        matched = next((excludes for excludes, expression in rules if expression.search(path)), False)
        spent += time.thread_time() - began
        if spent > LONGEST:
            raise Invalid(f"{FILE} has patterns that take too long")
        return matched

    return matches if rules else lambda place, entry: False


def _lines(tree: Tree) -> list[str]:
    try:
        with tree.open((FILE,)) as file:
            if file.entry.size > LARGEST:
                raise Invalid(f"{FILE} is larger than {LARGEST >> 10} KiB")
            return shown(os.fsdecode(file.read(0, LARGEST))).splitlines()
    except NotFound:
        return []


def _rules(lines: list[str]) -> list[tuple[bool, Any]]:
    """Whether what matches is left out, and what matches; the first match counts, which in the list is the last."""
    patterns = [pattern for number, line in enumerate(lines, 1) if (pattern := _translated(line, number))]
    if len(patterns) > MOST_PATTERNS:
        raise Invalid(f"{FILE} has more than {MOST_PATTERNS} patterns")
    runs = groupby(reversed(patterns), key=lambda pattern: pattern[0])
    return [(excludes, _compiled([expression for _, expression in run])) for excludes, run in runs]


def _translated(line: str, number: int) -> tuple[bool, str] | None:
    """None: a comment, or an empty line."""
    try:
        expression, excludes = GitIgnoreSpecPattern.pattern_to_regex(line)
    except GitIgnorePatternError:
        raise Invalid(f"{FILE}: line {number} is no pattern") from None
    if expression is None or excludes is None:
        return None
    return excludes, expression.replace(_MARK, _PLAIN_MARK)


def _compiled(expressions: list[str]) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MEMORY
    options.dot_nl = True  # a name may have line breaks
    try:
        return re2.compile("|".join(f"(?:{each})" for each in expressions), options)
    except re2.error:
        raise Invalid(f"{FILE} has patterns that are too large") from None
