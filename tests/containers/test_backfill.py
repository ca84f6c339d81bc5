"""What was printed while nobody was attached comes out once, whole, wherever the seams lie."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from containers.supervisor.backfill import last_place, missed

START = datetime(2024, 5, 1, tzinfo=UTC)
OVERLAP = timedelta(seconds=2)
BLUR = 250  # milliseconds between Docker's clock and ours

milliseconds = st.integers(0, 1500)
blur = st.integers(-BLUR, BLUR).map(lambda ms: timedelta(milliseconds=ms))


@st.composite
def outages(draw: st.DrawFn) -> tuple[list[tuple[datetime, bytes]], int, int]:
    """A console's lines and their times, how many were read before the outage, and how many until the new attach."""
    pauses = draw(st.lists(st.just(0) | st.integers(0, 50) | milliseconds, max_size=25))
    moment, printed = START, []
    for number, pause in enumerate(pauses):
        moment += timedelta(milliseconds=pause)
        printed.append((moment, b"line %d\r\n" % number))
    lost_from = draw(st.integers(0, len(printed)))
    return printed, lost_from, draw(st.integers(lost_from, len(printed)))


def text_of(entries: list[tuple[datetime, bytes]]) -> bytes:
    return b"".join(text for _, text in entries)


def moment_between(printed: list[tuple[datetime, bytes]], index: int) -> datetime:
    """A moment after the lines before `index`, and not after that one."""
    return printed[index - 1][0] if index else START - timedelta(seconds=1)


@given(outage=outages(), unsure=blur, unsure_too=blur)
def test_no_line_is_lost_and_none_comes_twice(
    outage: tuple[list[tuple[datetime, bytes]], int, int], unsure: timedelta, unsure_too: timedelta
) -> None:
    """Docker's clock and ours differ; lines that came again, or were known, say where the seams are."""
    printed, lost_from, back_from = outage
    before, after = text_of(printed[:lost_from]), text_of(printed[back_from:])
    last_seen = moment_between(printed, lost_from) + (unsure if before else timedelta())
    attached = moment_between(printed, back_from) + (unsure_too if after else timedelta())
    log = [entry for entry in printed if entry[0] >= last_seen - OVERLAP]

    lost = missed(log, before, last_seen, after, attached)

    assert before + lost + after == text_of(printed)


@given(outage=outages(), known=st.integers(10, 40), heard=st.integers(10, 40))
def test_a_line_of_what_is_known_is_enough(
    outage: tuple[list[tuple[datetime, bytes]], int, int], known: int, heard: int
) -> None:
    printed, lost_from, back_from = outage
    before, after = text_of(printed[:lost_from]), text_of(printed[back_from:])
    last_seen, attached = moment_between(printed, lost_from), moment_between(printed, back_from)

    lost = missed(printed, before[len(before) - min(known, len(before)) :], last_seen, after[:heard], attached)

    assert lost == text_of(printed[lost_from:back_from])


@given(outage=outages())
def test_lines_that_are_all_alike_are_told_apart_by_time(
    outage: tuple[list[tuple[datetime, bytes]], int, int],
) -> None:
    printed, lost_from, back_from = outage
    alike = [(START + timedelta(seconds=index), b"tick\r\n") for index in range(len(printed))]
    last_seen, attached = moment_between(alike, lost_from), moment_between(alike, back_from)

    lost = missed(alike, b"tick\r\n" * lost_from, last_seen, b"tick\r\n" * (len(alike) - back_from), attached)

    assert lost == b"tick\r\n" * (back_from - lost_from)


def test_a_line_of_which_half_was_read_is_completed() -> None:
    """A prompt waits without line feed; Docker's log has it only together with what was typed after it."""
    log = [
        (START, b"one\r\n"),
        (START + timedelta(seconds=5), b"> help\r\n"),
        (START + timedelta(seconds=6), b"ok\r\n"),
    ]

    lost = missed(log, b"one\r\n> ", START + timedelta(milliseconds=1), b"", START + timedelta(seconds=7))

    assert lost == b"help\r\nok\r\n"


def test_of_a_line_that_came_half_the_beginning_is_found() -> None:
    log = [(START, b"one\r\n"), (START + timedelta(seconds=5), b"loading ... done\r\n")]

    lost = missed(log, b"one\r\n", START, b"... done\r\n", START + timedelta(seconds=4))

    assert lost == b"loading "


def test_without_anything_known_all_is_missed() -> None:
    log = [(START, b"one\r\n"), (START + timedelta(seconds=1), b"two\r\n")]

    assert missed(log, b"", datetime.fromtimestamp(0, UTC), b"", START + timedelta(seconds=2)) == b"one\r\ntwo\r\n"


def test_an_empty_log_has_nothing_that_was_missed() -> None:
    assert missed([], b"one\r\n", START, b"two\r\n", START) == b""


@given(part=st.text("ab", max_size=5), text=st.text("ab", max_size=30))
def test_the_last_place_is_found(part: str, text: str) -> None:
    assert last_place(part.encode(), text.encode()) == text.rfind(part)


@pytest.mark.timeout(30)  # a second; looked through backwards it is more than a minute
def test_no_text_keeps_everybody_waiting() -> None:
    log = [(START + timedelta(milliseconds=number), b"a" * 16_384) for number in range(2000)]

    missed(log, b"b" + b"a" * 4000, START + timedelta(seconds=1), b"", START + timedelta(seconds=4))
