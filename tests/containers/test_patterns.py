"""Start patterns: refused with a reason, found however the output is cut, and never slow."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from containers.patterns import MAX_PATTERN_LENGTH, WINDOW, Matcher, compile_pattern
from rules.errors import Invalid

RED = b"\x1b[1;31m"
PLAIN = b"\x1b[0m"
TITLE = b"\x1b]0;Server\x07"
LINK = b"\x1b]8;;http://x/\x1b\\"
KEYPAD = b"\x1b="
LATIN = b"\x1b(B"


def finds(pattern: str, *chunks: bytes) -> bool:
    matcher = Matcher(pattern)
    return any(matcher.feed(chunk) for chunk in chunks)


def cut(text: bytes, places: list[int]) -> list[bytes]:
    """The text in pieces, cut at these places (whatever lies beyond its end does not count)."""
    edges = sorted({0, len(text), *(place for place in places if place < len(text))})
    return [text[start:stop] for start, stop in pairwise(edges)]


@pytest.mark.parametrize("pattern", ["(", ")(", "a)(b", "[a", "*", "(?=a)", r"(a)\1", "a{1001}", r"\8", "(?P<a"])
def test_what_re2_cannot_read_is_refused_with_its_reason(pattern: str) -> None:
    with pytest.raises(Invalid, match=r"^Invalid start_pattern: .+") as refused:
        compile_pattern(pattern)

    assert refused.value.details is not None
    assert "start_pattern" in refused.value.details


def test_a_pattern_has_a_longest_length() -> None:
    compile_pattern("a" * MAX_PATTERN_LENGTH)
    with pytest.raises(Invalid, match="longer than"):
        compile_pattern("a" * (MAX_PATTERN_LENGTH + 1))


@pytest.mark.parametrize("pattern", ["((a{100}){100}){100}", "(?:a{1000}){1000}", r"\pL{1000}"])
def test_a_pattern_that_would_need_much_memory_is_refused(pattern: str) -> None:
    with pytest.raises(Invalid, match=r"^Invalid start_pattern: "):
        compile_pattern(pattern)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("pattern", ["(a|a)*$", "(a+)+$", "(a|aa)+b", "(.*)*x", "(a?){20}a{20}b", "[ab]*a[ab]{20}c"])
def test_no_pattern_hangs(pattern: str) -> None:
    finds(pattern, *[b"ab" + b"a" * 1000] * 100)


@given(
    before=st.lists(
        st.sampled_from([b"loading 10 %\r", b"ok\r\n", RED, PLAIN, TITLE, LINK, KEYPAD, LATIN, b"\xc3\xa9"])
    ),
    within=st.lists(st.sampled_from([RED, PLAIN, TITLE, LINK, KEYPAD, LATIN, b"\r"]), min_size=3, max_size=3),
    places=st.lists(st.integers(1, 300)),
)
def test_found_however_the_output_is_cut_and_coloured(
    before: list[bytes], within: list[bytes], places: list[int]
) -> None:
    words = [b"Ready", b" to accept", b" connections"]
    line = b"".join(part for pair in zip(within, words, strict=True) for part in pair)
    text = b"".join(before) + b"\r\n" + line + b"\r\n"

    assert finds("^Ready to accept connections$", *cut(text, places))


@given(places=st.lists(st.integers(1, 300)))
def test_not_found_where_it_is_not(places: list[int]) -> None:
    text = RED + b"Ready to refuse connections\r\n" + TITLE + b"not Ready to accept connections, Ready soon\r\n"

    assert not finds("^Ready to accept|connections$(?s:.)connections", *cut(text, places))


def test_a_match_may_span_lines() -> None:
    assert finds(r"one\ntwo", b"zero\r\none\r", b"\ntwo\r\n")


def test_found_after_a_line_without_end() -> None:
    assert finds("Ready", *[b"." * (1 << 20)] * 8, b"Rea", b"dy")


def test_a_match_reaches_as_far_back_as_the_window() -> None:
    assert finds("(?s)begin.*end", b"begin" + b"." * (WINDOW - 5), b"end")


def test_bytes_that_are_not_utf_8_do_no_harm() -> None:
    assert finds("Ready", b"\xff\xfe\x80", b"Ready\xff")
