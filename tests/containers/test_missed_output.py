"""Docker's log is cut to fit between what is known and what the new attach brings: by its text."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from containers.engine.watch import parse_log
from containers.supervisor.backfill import Entry, missed

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LINES = [f"line {number:04d} ─│┌\r\n".encode() for number in range(400)]
PRINTED = b"".join(LINES)
LOG: list[Entry] = [(NOON + timedelta(milliseconds=number), line) for number, line in enumerate(LINES)]


def at(offset: int) -> datetime:
    """When the byte at this offset was printed."""
    return NOON + timedelta(milliseconds=offset // len(LINES[0]))


@given(st.integers(500, len(PRINTED)), st.integers(0, len(PRINTED)), st.integers(0, 1500), st.integers(0, 200))
def test_every_byte_comes_once_wherever_it_was_cut(known: int, gap: int, late: int, slow: int) -> None:
    """Also within a line or a character, and when the machine was too busy for either time to be near the truth."""
    begin = min(known + gap, len(PRINTED) - 500)
    known = min(known, begin)
    last_seen = at(known) + timedelta(milliseconds=late)
    attached = at(begin) + timedelta(milliseconds=slow)

    lost = missed(LOG, PRINTED[:known], last_seen, PRINTED[begin:], attached)

    assert lost == PRINTED[known:begin]


def test_a_program_that_repeats_itself_is_cut_by_time() -> None:
    log = [(NOON + timedelta(seconds=second), b"tick\r\n") for second in range(10)]

    lost = missed(
        log, b"tick\r\n" * 50, log[3][0] + timedelta(milliseconds=20), b"tick\r\n", log[7][0] + timedelta(seconds=0.5)
    )

    assert lost == b"tick\r\n" * 4  # of the seconds 4 to 7


def test_a_prompt_that_was_seen_does_not_come_again_with_its_line() -> None:
    log = [(NOON, b"Welcome\r\n"), (NOON + timedelta(seconds=60), b"$ ls\r\n")]

    assert missed(log, b"Welcome\r\n$ ", NOON, b"", NOON + timedelta(seconds=90)) == b"ls\r\n"


def test_bytes_that_are_no_text_are_found_as_docker_writes_them() -> None:
    log = [(NOON, "bell\ufffd\r\n".encode()), (NOON + timedelta(seconds=1), b"next\r\n")]

    assert missed(log, b"bell\xff\r\n", NOON, b"", NOON + timedelta(seconds=5)) == b"next\r\n"


def test_our_own_line_about_a_flood_is_not_in_the_log() -> None:
    known = PRINTED[:3000] + b"\r\n[lightd] 5 lines (80 bytes) were left out\r\n" + PRINTED[4000:4200]

    assert missed(LOG, known, at(4200), PRINTED[5000:6000], at(5000)) == PRINTED[4200:5000]


def test_a_new_containers_log_is_missed_from_its_beginning() -> None:
    log = [(NOON + timedelta(seconds=60), b"Hello\r\n")]

    assert missed(log, b"Hello\r\n", NOON, b"", NOON + timedelta(seconds=90)) == b"Hello\r\n"


def test_a_long_line_is_several_entries_of_the_log() -> None:
    first, second = "x" * (16 << 10), "\ufffd" * (16 << 10)
    stamps = [f"2026-01-01T12:00:0{second}.000000000Z " for second in range(4)]
    raw = f"{stamps[0]}{first}{stamps[1]}{second}{stamps[2]}end\r\n{stamps[3]}next\r\n".encode()

    texts = [text.decode() for _, text in parse_log(raw)]

    assert texts == [first, second, "end\r\n", "next\r\n"]
