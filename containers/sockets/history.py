"""What a console printed before: read from its spool, bounded, as text with the cursor where it ends."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from containers import spool
from containers.patterns import INVISIBLE

DEFAULT_TAIL = 200  # lines
MAX_TAIL = 10_000  # lines
MAX_BYTES = 1 << 20  # of one answer
CHUNK = 64 << 10  # bytes of one replayed message


def end(directory: Path) -> int:
    """The cursor after all that was printed."""
    console = spool.folder(directory)
    return _decoded(spool.read(console, max(spool.end(console) - 3, 0), 3))[1]


def tail(directory: Path, lines: int) -> tuple[str, int]:
    """The last `lines` lines, and the cursor after them."""
    stretch = spool.read_lines(spool.folder(directory), min(lines, MAX_TAIL), MAX_BYTES)
    return _decoded(stretch)


def start_of(directory: Path, lines: int) -> int:
    """The cursor before the last `lines` lines, or before what there is of them within `MAX_BYTES`."""
    return spool.read_lines(spool.folder(directory), min(lines, MAX_TAIL), MAX_BYTES).start


def since_time(directory: Path, moment: float, lines: int | None = None) -> tuple[str, int]:
    """What was printed since `moment` (Unix seconds), or the last `lines` lines of it; at most `MAX_BYTES`."""
    console = spool.folder(directory)
    start = max(spool.offset_at(console, moment), spool.end(console) - MAX_BYTES)
    stretch = spool.read(console, start, MAX_BYTES)
    data = stretch.data if lines is None else spool.last_lines(stretch.data, lines)
    return _decoded(stretch._replace(data=data))


def search(directory: Path, text: str, lines: int, since: float | None = None) -> str:
    """The last `lines` lines with `text` in them, in the order they were printed; at most `MAX_BYTES`.

    Upper and lower case are the same, and colours in the middle of a word do not hide it. The work is that of reading
    the console once, whatever is looked for.
    """
    console = spool.folder(directory)
    wanted = text.casefold()
    found: list[str] = []
    room = MAX_BYTES
    for line in spool.lines_backwards(console, 0 if since is None else spool.offset_at(console, since)):
        if len(found) >= min(lines, MAX_TAIL) or room <= 0:
            break
        shown = line.decode("utf-8", "replace")
        if wanted in INVISIBLE.sub(b"", line).decode("utf-8", "replace").casefold():
            found.append(shown[: room - 1])
            room -= len(line) + 1
    return "".join(f"{line}\n" for line in reversed(found))


def whole(path: Path) -> str:
    """The last `MAX_BYTES` of a log file; nothing, if there is none."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        while size := os.fstat(file.fileno()).st_size:
            file.seek(max(size - MAX_BYTES, 0))
            if data := file.read(MAX_BYTES):  # else its older half was dropped just now
                return data.decode("utf-8", "replace")
    return ""


def since_seq(directory: Path, seq: int) -> tuple[str, int]:
    """What came after the cursor `seq`, at most the last `MAX_BYTES` of it."""
    console = spool.folder(directory)
    return _decoded(spool.read(console, max(seq, spool.end(console) - MAX_BYTES), MAX_BYTES))


def _decoded(stretch: spool.Stretch) -> tuple[str, int]:
    """As text, and the cursor after it: the first half of a character at its end belongs to what is still to come."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(stretch.data)
    return text, stretch.end - len(decoder.getstate()[0])


def replay(directory: Path, seq: int) -> Iterator[tuple[str, int]]:
    """All that came after the cursor `seq`, in pieces that end between characters, each with its own cursor."""
    console = spool.folder(directory)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    position = seq
    while True:
        stretch = spool.read(console, position, CHUNK)
        if not stretch.data:
            return
        position = stretch.end
        text = decoder.decode(stretch.data)
        if text:
            yield text, stretch.end - len(decoder.getstate()[0])


def plain(directory: Path) -> Iterator[bytes]:
    """All that is kept up to now, the oldest first, in pieces of whole lines without colours and carriage returns."""
    console = spool.folder(directory)
    last, position, rest = spool.end(console), 0, b""
    while position < last:
        stretch = spool.read(console, position, CHUNK)
        if not stretch.data:
            break
        position = stretch.end
        data = rest + stretch.data
        whole = data.rfind(b"\n") + 1 or len(data)
        rest = data[whole:]
        yield INVISIBLE.sub(b"", data[:whole])
    yield INVISIBLE.sub(b"", rest)
