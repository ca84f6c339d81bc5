"""What a console printed while nobody was attached, found in Docker's log and cut to fit between what is known.

The text decides where to cut: what is known ends somewhere in the log, and what the new attach brings begins somewhere
in it, either perhaps in the middle of a line. Time only decides between places where the text fits equally well (a
program that repeats itself), and where it fits nowhere: Docker stamps an entry when it reads it, we when we have
written it down, and in between lies whatever else a busy machine had to do.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

Entry = tuple[datetime, bytes]

# Bytes of what is known that are looked for in the log. Fewer fit where the log lacks a part of what we have, our own
# line about a flood, say; fewer still say little.
MOST, FEWER, LEAST = 4096, 512, 64
# How much later than ours Docker's time of the same bytes may be.
BLUR = timedelta(seconds=0.25)
CONTINUATION = bytes(range(0x80, 0xC0))  # of a UTF-8 character, after its first byte


def missed(log: Sequence[Entry], before: bytes, last_seen: datetime, after: bytes, attached: datetime) -> bytes:
    """The part of `log` that is neither in `before` nor comes again in `after`.

    Args:
        log: entries of Docker's log, from somewhat before `last_seen` on.
        before: the end of what is known.
        last_seen: when the last byte of `before` was written down.
        after: what the new attach has brought so far.
        attached: when the new attach stood.
    """
    text = b"".join(piece for _, piece in log)
    at_most = offset(log, last_seen + BLUR)
    # An entry is a whole line, with the time of its end: `before` may have the beginning of one that is much younger.
    unfinished = next((len(piece) - 1 for at, piece in log if at > last_seen + BLUR), 0)
    first = end_of(ending(before), text, offset(log, last_seen), at_most + unfinished)
    last = begin_of(beginning(after), text, max(offset(log, attached), first), first)
    return text[first:last]


def offset(log: Sequence[Entry], moment: datetime) -> int:
    """How many bytes of `log` are not younger than `moment`."""
    return sum(len(piece) for at, piece in log if at <= moment)


def end_of(known: bytes, text: bytes, guess: int, at_most: int) -> int:
    """The offset in `text` where `known` ends: of those where as much as possible fits, the nearest to `guess`."""

    def after_last(size: int) -> list[int]:
        part = known[-size:]
        return [at + len(part) for at in around(part, text, guess - len(part))]

    # The log may begin within what is known.
    from_start = [at for at in range(1, min(len(text), MOST) + 1) if known.endswith(text[:at])]
    long = [at for at in from_start if at >= LEAST]
    tries = (after_last(MOST), long, after_last(FEWER), after_last(LEAST), from_start)
    return nearest(guess, ([at for at in places if at <= at_most] for places in tries))


def begin_of(known: bytes, text: bytes, guess: int, at_least: int) -> int:
    """The offset in `text` where `known` begins: of those where as much as possible fits, the nearest to `guess`."""

    def of_first(size: int) -> list[int]:
        return around(known[:size], text, guess)

    # The log may end within what is known.
    to_end = [at for at in range(max(len(text) - MOST, 0), len(text)) if known.startswith(text[at:])]
    long = [at for at in to_end if len(text) - at >= LEAST]
    tries = (of_first(MOST), long, of_first(FEWER), of_first(LEAST), to_end)
    return nearest(guess, ([at for at in places if at >= at_least] for places in tries))


def around(part: bytes, text: bytes, guess: int) -> list[int]:
    """Where `part` lies in `text`: the nearest place before `guess`, and the nearest after it."""
    if not part:
        return []
    guess = max(guess, 0)
    return [at for at in (last_place(part, text[: guess + len(part)]), text.find(part, guess)) if at >= 0]


def last_place(part: bytes, text: bytes) -> int:
    """As `text.rfind(part)`, in a time that grows with the text alone: a container chooses both, and CPython looks
    backwards in the product of their lengths."""
    from_end = text[::-1].find(part[::-1])
    return from_end if from_end < 0 else len(text) - from_end - len(part)


def nearest(guess: int, tries: Iterable[Sequence[int]]) -> int:
    """Of the first places that there are any of, the nearest to `guess`; that itself, if there are none."""
    found = next((places for places in tries if places), [guess])
    return min(found, key=lambda at: abs(at - guess))


def ending(data: bytes) -> bytes:
    """The end of what is known as Docker's log has it; half a character at its very end stays half a character."""
    decoder = codecs.getincrementaldecoder("utf-8")("lightd-each-byte")
    return decoder.decode(data).encode() + decoder.getstate()[0]


def beginning(data: bytes) -> bytes:
    """The same of what an attach brought, which may begin within a character."""
    rest = data[:3].lstrip(CONTINUATION) + data[3:]
    return data[: len(data) - len(rest)] + rest.decode("utf-8", "lightd-each-byte").encode()


def replace_each_byte(error: UnicodeError) -> tuple[str, int]:
    """What Docker's JSON log does to bytes that are no UTF-8: one replacement character for each of them, where Python
    has one for a whole cut-off character."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\N{REPLACEMENT CHARACTER}" * (error.end - error.start), error.end


codecs.register_error("lightd-each-byte", replace_each_byte)
