"""Paths as callers write them, and names as the disk has them.

On disk a name is any bytes but NUL and `/`. In JSON it has to be valid Unicode: a byte that is not part of UTF-8 is
shown as the private-use character U+F700 + byte, and a name that has such characters itself has them shown byte by
byte. So each name has one spelling, which leads back to it.
"""

from __future__ import annotations

import os
import re
from typing import TypeAlias

from rules.errors import Invalid

# The names from the volume's root to a file, as `os.fsdecode` spells them; empty: the root.
Place: TypeAlias = tuple[str, ...]

LONGEST_NAME = 255  # bytes, the kernel's
TRAVERSAL = "Invalid path: path traversal detected"

_PRIVATE = 0xF700
_ESCAPED = 0xDC00  # Python's surrogateescape
_STRAY = re.compile("[\udc80-\udcff]")
_PRIVATE_USE = re.compile("[\uf780-\uf7ff]")


def parse(path: str) -> Place:
    """The place that a caller's path means; `a//b/./c/` is `a/b/c`."""
    if path.startswith("/") or "\0" in path:
        raise Invalid(TRAVERSAL)
    place = tuple(on_disk(name) for name in path.split("/") if name not in ("", "."))
    if ".." in place:
        raise Invalid(TRAVERSAL)
    if any(len(os.fsencode(name)) > LONGEST_NAME for name in place):
        raise Invalid(f"Invalid path: a name is longer than {LONGEST_NAME} bytes")
    return place


def on_disk(shown_name: str) -> str:
    """What `shown` made the name of."""
    name = _PRIVATE_USE.sub(lambda found: chr(ord(found[0]) - _PRIVATE + _ESCAPED), shown_name)
    try:
        return os.fsdecode(os.fsencode(name))
    except UnicodeEncodeError:
        raise Invalid("Invalid path: not valid Unicode") from None


def shown(name: str) -> str:
    """A name of the disk as JSON can have it."""
    by_bytes = _PRIVATE_USE.sub(lambda found: found[0].encode().decode("ascii", "surrogateescape"), name)
    return _STRAY.sub(lambda found: chr(ord(found[0]) - _ESCAPED + _PRIVATE), by_bytes)


def path_of(place: Place) -> str:
    """A place as callers read and write it."""
    return "/".join(shown(name) for name in place)
