"""A shell driven through the console: what is typed arrives, and what is printed is shown unharmed."""

import re
import secrets
from collections.abc import Iterator

import pytest

from tests.e2e.console import Console
from tests.e2e.server import Lightd

# Reads commands and nothing more: no prompt, no line editing, and what is typed is not printed again.
SHELL = "bash -c 'stty -echo; echo ready; exec bash --norc --noediting 2>&1'"
READER = "bash -c 'stty -echo; echo ready; while read -r line; do echo \"got $line\"; done'"


@pytest.fixture
def shell(lightd: Lightd) -> Iterator[Console]:
    container = lightd.create(startup_command=SHELL, start_pattern="ready")
    viewer = lightd.socket(container)
    lightd.start_and_wait(container)
    viewer.command("PS1=")
    yield viewer
    lightd.act(container, "kill")


def printed(viewer: Console, command: str, timeout: float = 10) -> str:
    """What a command prints."""
    mark = secrets.token_hex(4)
    viewer.command(f"echo begin {mark}; {command}; echo end {mark}")
    output = viewer.wait_for_output(f"end {mark}\r\n", timeout)
    return output.partition(f"begin {mark}\r\n")[2].partition(f"end {mark}\r\n")[0]


def test_a_terminal_of_its_own(shell: Console) -> None:
    assert re.fullmatch(r"\d+ \d+\r\n", printed(shell, "stty size"))
    assert {"-echo", "icanon", "isig"} <= set(re.split(r"[;\s]+", printed(shell, "stty -a")))
    assert printed(shell, "test -t 0 && test -t 1 && echo $TERM") == "xterm-256color\r\n"


def test_colours_and_carriage_returns_are_left_as_they_are(shell: Console) -> None:
    progress = r"\033[1;31mred\033[0m 10%%\r20%%\r\033[2K100%%\n"

    assert printed(shell, f"printf '{progress}'") == "\033[1;31mred\033[0m 10%\r20%\r\033[2K100%\r\n"


def test_a_character_that_comes_in_two_halves_is_one(shell: Console) -> None:
    box = "┌─┐\r\n│é│\r\n└─┘\r\n🙂\r\n"
    pieces = " ".join(f"{byte:02x}" for byte in box.replace("\r", "").encode())

    shown = printed(shell, f'for byte in {pieces}; do printf "\\x$byte"; read -t 0.07; done', 30)

    assert shown == box


def test_bytes_that_are_no_text_harm_nothing_around_them(shell: Console) -> None:
    assert printed(shell, r"printf 'a\xffb\xe2\x94c\n'") == "a\ufffdb\ufffdc\r\n"
    assert printed(shell, "echo fine") == "fine\r\n"


def test_half_a_character_is_shown_when_the_process_ends(lightd: Lightd) -> None:
    container = lightd.create(startup_command=r"printf 'end\342\224'")
    viewer = lightd.socket(container)
    lightd.act(container, "start")
    viewer.wait_for_event("exit")

    assert viewer.output == "end\ufffd"


def test_a_line_of_a_megabyte_comes_whole(shell: Console) -> None:
    shown = printed(shell, "head -c 1000000 /dev/zero | tr '\\0' x; echo", 30)

    assert len(shown) == 1_000_002
    assert shown == "x" * 1_000_000 + "\r\n"


def test_what_it_shows_is_never_typed_back(shell: Console) -> None:
    """Sequences that ask a terminal for an answer: `where is the cursor`, `who are you`, `what is your title`."""
    assert printed(shell, r"printf '\033[6n\033[c\033[21t'; read -rt 1 answer; echo [$answer]").endswith("[]\r\n")


def test_two_writers_keep_their_commands_whole_and_in_order(lightd: Lightd) -> None:
    container = lightd.create(startup_command=READER, start_pattern="ready")
    writers = {name: lightd.socket(container) for name in ("anna", "boris")}
    lightd.start_and_wait(container)

    for number in range(200):
        for name, writer in writers.items():
            writer.command(f"{name} {number} {'x' * 100}")
    viewer = writers["anna"]
    for name in writers:
        viewer.wait_for_output(f"got {name} 199 ", 30)

    got = re.findall(r"^got (\w+) (\d+) x{100}\r$", viewer.output, re.MULTILINE)
    for name in writers:
        assert [int(number) for writer, number in got if writer == name] == list(range(200))


def test_a_command_into_a_stopped_container_is_answered_with_an_error(lightd: Lightd) -> None:
    container = lightd.create(startup_command=READER)
    viewer = lightd.socket(container)

    viewer.command("hello")

    viewer.wait_for(lambda m: m == {"event": "daemon_message", "data": "Error: The container is not running"})


def test_who_does_not_read_its_input_holds_up_nobody_elses(lightd: Lightd) -> None:
    deaf = lightd.create(startup_command="sleep infinity")
    reader = lightd.create(startup_command=READER, start_pattern="ready")
    lightd.start_and_wait(deaf)
    lightd.start_and_wait(reader)
    shouter, viewer = lightd.socket(deaf), lightd.socket(reader)

    for _ in range(600):
        shouter.command("x" * 4000)
    viewer.command("hello")

    viewer.wait_for_output("got hello")
    shouter.wait_for(lambda m: m["event"] == "daemon_message" and m["data"].startswith("Error: "))


def test_what_a_process_left_unread_is_not_typed_into_the_next(lightd: Lightd) -> None:
    first_deaf = "if mkdir deaf 2>/dev/null; then exec sleep infinity; fi; stty -echo; echo ready; exec cat"
    container = lightd.create(startup_command=first_deaf)
    viewer = lightd.socket(container)
    lightd.start_and_wait(container)
    for number in range(100):
        viewer.command(f"unread {number} {'x' * 4000}")
    viewer.send({"event": "request_logs"})
    viewer.wait_for(lambda m: m["event"] == "logs")  # now every command has been taken
    lightd.act(container, "kill")
    viewer.wait_for_event("exit")
    after = len(viewer.messages)
    lightd.wait_state(container, "ready")

    lightd.start_and_wait(container)
    viewer.command("read")
    viewer.wait_for(lambda m: m["event"] == "console" and "read\r\n" in m["data"], after=after)

    assert "unread" not in "".join(m["data"] for m in viewer.messages[after:] if m["event"] == "console")
