"""Users' regular expressions. They meet RE2 only, which is linear in the text: Python's `re` can be made to hang."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import re2

from rules.errors import Invalid

MAX_PATTERN_LENGTH = 1000  # characters
# Bytes RE2 may use for one compiled pattern. Less makes it slower: it then looks without its tables, for seconds.
MAX_PROGRAM_MEMORY = 8 << 20
# A pattern made for it takes RE2 up to a second and a half for a chunk of output. Others wait for it in these two
# threads, and nobody else does: RE2 does not hold Python's lock while it looks.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="patterns")

# The stretch of output in which a match is looked for, in bytes. Longer than any line a server announces itself with.
WINDOW = 16 << 10

# What a person does not see: the control sequences, control strings and short escapes of ECMA-35 and ECMA-48, carriage
# returns. What begins a sequence is no short escape, so that one of which only the beginning came yet is left whole.
INVISIBLE = re2.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-OQ-WYZ\\`-~]|\r"
)


def compile_pattern(pattern: str, field: str = "start_pattern") -> Any:
    """Compile a start pattern. `^` and `$` mean the ends of a line.

    Raises:
        Invalid: `Invalid start_pattern: …`, with RE2's own reason.
    """
    if len(pattern) > MAX_PATTERN_LENGTH:
        reason = f"longer than {MAX_PATTERN_LENGTH} characters"
        raise Invalid(f"Invalid {field}: {reason}", {field: [reason]})
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_PROGRAM_MEMORY
    try:
        re2.compile(pattern.encode(), options)  # alone first, so that the prefix below cannot make it valid
        return re2.compile(b"(?m)" + pattern.encode(), options)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise Invalid(f"Invalid {field}: {reason}", {field: [reason]}) from error


# Characters of sample output that a pattern is tried on: a screenful, which is a moment's work for any pattern.
MAX_SAMPLE = 4000


def visible(output: str) -> str:
    """What a person sees of it, and a pattern."""
    seen: bytes = INVISIBLE.sub(b"", output.encode())
    return seen.decode("utf-8", "replace")


class Match(NamedTuple):
    """Where a pattern was found in output: what comes before it, what it matched, what comes after."""

    before: str
    found: str
    after: str


def first_match(pattern: str, output: str) -> Match | None:
    """What a `Matcher` of this pattern would stop at; for who writes the pattern to see."""
    text = INVISIBLE.sub(b"", output.encode())
    match = compile_pattern(pattern).search(text)
    if match is None:
        return None
    start, end = match.span()
    return Match(*(part.decode("utf-8", "replace") for part in (text[:start], text[start:end], text[end:])))


class Matcher:
    """Looks for one pattern in output as it arrives, in chunks of any size.

    Matches what a person would see: without colours and carriage returns. Keeps the last `WINDOW` bytes, so a match
    may span chunks and lines, and a line without end costs no memory.
    """

    def __init__(self, pattern: str) -> None:
        self._regexp = compile_pattern(pattern)
        self._window = b""

    def feed(self, chunk: bytes) -> bool:
        """Take the next chunk; True if the pattern is found now."""
        text = INVISIBLE.sub(b"", self._window + chunk)
        if self._regexp.search(text):
            return True
        self._window = text[-WINDOW:]
        return False

    async def feed_aside(self, chunk: bytes) -> bool:
        """The same, in a thread. One chunk after the other: the caller waits."""
        return await asyncio.get_running_loop().run_in_executor(_threads, self.feed, chunk)
