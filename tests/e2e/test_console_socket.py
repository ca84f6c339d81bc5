"""The console socket: what a viewer is told, and what it can do."""

from typing import Any

import pytest

from tests.e2e.console import Console, Message
from tests.e2e.server import Lightd

pytestmark = pytest.mark.both_modes

ECHO = "bash -c 'echo Hello; while read -r line; do echo \"got $line\"; done'"


@pytest.fixture(scope="module")
def echo(lightd: Lightd) -> str:
    """A container that says Hello, and repeats what it is told; in whatever state the last test left it."""
    return lightd.create(startup_command=ECHO, start_pattern="Hello")


@pytest.fixture
def running(lightd: Lightd, echo: str) -> str:
    """The same, running."""
    if lightd.state(echo) == "ready":
        lightd.act(echo, "start")
    lightd.wait_state(echo, "running")
    return echo


@pytest.fixture
def stopped(lightd: Lightd, echo: str) -> str:
    """The same, stopped."""
    if lightd.state(echo) != "ready":
        lightd.act(echo, "kill")
    lightd.wait_state(echo, "ready")
    return echo


def said(viewer: Console, since: str) -> list[tuple[str, str]]:
    """States and sentences, in the order in which they came, from the state ``since`` on."""
    all_said = [(m["event"], m["data"]) for m in viewer.messages if m["event"] in ("event", "daemon_message")]
    return all_said[all_said.index(("event", since)) :]


def consoles(messages: list[Message]) -> list[Message]:
    """Those with output: figures come in between whenever they like."""
    return [message for message in messages if message["event"] == "console"]


def ask_for_logs(viewer: Console, **fields: Any) -> Message:
    seen = len(viewer.messages)
    viewer.send({"event": "request_logs", **fields})
    return viewer.wait_for(lambda m: m["event"] == "logs", after=seen)


def test_a_start_and_a_kill_are_told_in_order(lightd: Lightd, stopped: str) -> None:
    with lightd.socket(stopped) as viewer:
        viewer.power("start")
        viewer.wait_for_event("running")
        viewer.wait_for(lambda m: m.get("data") == "Server started")
        viewer.power("kill")
        viewer.wait_for_event("exit")
        viewer.wait_for(lambda m: m.get("data") == "Container stopped")

        assert said(viewer, "starting") == [
            ("event", "starting"),
            ("daemon_message", "Container started"),
            ("event", "running"),
            ("daemon_message", "Server started"),
            ("event", "stopping"),
            ("event", "exit"),
            ("daemon_message", "Container stopped"),
        ]
        kinds = [m["event"] for m in viewer.messages if m["event"] == "console" or m.get("data") == "running"]
        assert kinds.index("console") < kinds.index("event"), "the line comes before what it means"


def test_a_restart_is_told_in_order(lightd: Lightd, running: str) -> None:
    with lightd.socket(running) as viewer:
        viewer.power("restart")
        stopping = viewer.messages.index(viewer.wait_for_event("stopping"))
        viewer.wait_for(lambda m: m.get("data") == "Server started", after=stopping)

        assert said(viewer, "stopping") == [
            ("event", "stopping"),
            ("event", "exit"),
            ("daemon_message", "Container stopped"),
            ("event", "starting"),
            ("daemon_message", "Container restarted"),
            ("event", "running"),
            ("daemon_message", "Server started"),
        ]


def test_a_stop_is_told(lightd: Lightd, running: str) -> None:
    with lightd.socket(running) as viewer:
        viewer.power("stop")
        viewer.wait_for_event("stopping")
        viewer.wait_for_event("exit")


def test_a_command_is_echoed_and_answered_to_every_viewer(lightd: Lightd, running: str) -> None:
    with lightd.socket(running) as one, lightd.socket(running) as other:
        ask_for_logs(other)  # it is there
        one.command("ping über")

        for viewer in (one, other):
            assert viewer.wait_for_output("got ping über\r\n").startswith("ping über\r\n")


def test_commands_arrive_in_their_order(lightd: Lightd, running: str) -> None:
    with lightd.socket(running) as viewer:
        for number in range(50):
            viewer.command(f"n{number}.")
        output = viewer.wait_for_output("got n49.")

    answered = [line for line in output.split("\r\n") if line.startswith("got ")]
    assert answered == [f"got n{number}." for number in range(50)]


def test_nothing_old_comes_unasked(lightd: Lightd, running: str) -> None:
    with lightd.socket(running) as viewer:
        viewer.command("new")
        viewer.wait_for_output("got new")

        assert "Hello" not in viewer.output


def test_the_cursor_rises_by_the_bytes_that_came(lightd: Lightd, running: str) -> None:
    with lightd.socket(running) as viewer:
        logs = ask_for_logs(viewer)
        for text in ("one", "zwölf", "three"):
            viewer.command(text)
            viewer.wait_for_output(f"got {text}\r\n")
        pieces = consoles(viewer.messages[viewer.messages.index(logs) :])

    before = logs["seq"]
    for piece in pieces:
        before += len(piece["data"].encode())
        assert piece["seq"] == before


def test_the_cursor_goes_on_after_a_restart_of_the_container(lightd: Lightd, running: str) -> None:
    with lightd.socket(running) as viewer:
        before = ask_for_logs(viewer)["seq"]
        viewer.power("restart")
        viewer.wait_for_event("running")
        console = viewer.wait_for(lambda m: m["event"] == "console" and "Hello" in m["data"])

    assert console["seq"] > before


def test_history_is_what_was_shown(lightd: Lightd, running: str) -> None:
    with lightd.socket(running) as viewer:
        for text in ("alpha", "beta", "gamma"):
            viewer.command(text)
            viewer.wait_for_output(f"got {text}\r\n")

        logs = ask_for_logs(viewer)
        assert logs["data"].endswith(viewer.output)
        assert logs["seq"] == consoles(viewer.messages)[-1]["seq"]
        assert ask_for_logs(viewer, tail=2)["data"] == "gamma\r\ngot gamma\r\n"
        assert ask_for_logs(viewer, tail=0) == {"event": "logs", "data": "", "seq": logs["seq"]}
        assert ask_for_logs(viewer, since_seq=logs["seq"]) == {"event": "logs", "data": "", "seq": logs["seq"]}
        since = ask_for_logs(viewer, since_seq=logs["seq"] - len("got gamma\r\n"))
        assert since == {"event": "logs", "data": "got gamma\r\n", "seq": logs["seq"]}

    rest = lightd.http.get(f"/containers/{running}/logs?tail=2").json()
    assert rest == {"logs": "gamma\r\ngot gamma\r\n"}


def test_a_connection_goes_on_from_a_cursor(lightd: Lightd, running: str) -> None:
    with lightd.socket(running) as first:
        first.command("seen")
        first.wait_for_output("got seen\r\n")
        cursor = consoles(first.messages)[-1]["seq"]
        first.command("missed")
        missed = first.wait_for_output("got missed\r\n").partition("got seen\r\n")[2]

        with lightd.socket(running, query=f"&since_seq={cursor}") as second:
            second.wait_for_output("got missed\r\n")
            first.command("live")
            assert second.wait_for_output("got live\r\n").startswith(missed)
            first.wait_for_output("got live\r\n")
            assert second.output == first.output.partition("got seen\r\n")[2]


def test_a_connection_from_the_beginning_has_all_of_it_once(lightd: Lightd) -> None:
    count = "bash -c 'for n in $(seq 5000); do echo line $n.; done; exec sleep infinity'"
    container = lightd.create(startup_command=count, start_pattern=r"line 10\.")
    lightd.act(container, "start")
    lightd.wait_state(container, "running")

    with lightd.socket(container, query="&since_seq=0") as viewer:
        output = viewer.wait_for_output("line 5000.\r\n")

    assert output == "".join(f"line {number}.\r\n" for number in range(1, 5001))
    assert lightd.http.delete(f"/containers/{container}").status_code == 200


def test_characters_are_never_torn(lightd: Lightd) -> None:
    halves = r"""bash -c 'stty -echo; printf "half: \xe2\x82"; read -r go; printf "\xac."; exec sleep infinity'"""
    container = lightd.create(startup_command=halves)
    lightd.start_and_wait(container)

    with lightd.socket(container, query="&since_seq=0") as viewer:
        viewer.wait_for_output("half: ")
        viewer.send({"event": "request_logs"})
        history = viewer.wait_for(lambda message: message["event"] == "logs")
        with lightd.socket(container, query=f"&since_seq={history['seq']}") as late:
            viewer.command("")
            viewer.wait_for_output("€.")
            late.wait_for_output("€.")

    assert (history["data"], late.output, viewer.output) == ("half: ", "€.", "half: €.")
    assert lightd.http.delete(f"/containers/{container}").status_code == 200


UNKNOWN = "Unknown event; known are send_command, power, request_logs"
NO_OBJECT = "A message is one JSON object"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hello", NO_OBJECT),
        ("", NO_OBJECT),
        ("[]", NO_OBJECT),
        ("null", NO_OBJECT),
        ("[" * 100_000, NO_OBJECT),
        ("{}", UNKNOWN),
        ('{"event": "dance"}', UNKNOWN),
        ('{"event": 7}', UNKNOWN),
        ('{"event": "send_command"}', "send_command takes a command, which is text"),
        ('{"event": "send_command", "command": 7}', "send_command takes a command, which is text"),
        ('{"event": "send_command", "command": "\\ud800\\n"}', NO_OBJECT),
        ('{"event": "send_command", "command": "' + "a" * 20_000 + '"}', "A command has at most 16384 characters"),
        ('{"event": "power"}', "power takes an action of start, stop, kill, restart"),
        ('{"event": "power", "action": "explode"}', "power takes an action of start, stop, kill, restart"),
        ('{"event": "power", "action": "start"}', "Cannot start while container is running"),
        ('{"event": "request_logs", "tail": "all"}', "tail is a whole number, not negative"),
        ('{"event": "request_logs", "tail": -1}', "tail is a whole number, not negative"),
        ('{"event": "request_logs", "since_seq": 1.5}', "since_seq is a whole number, not negative"),
    ],
)
def test_what_is_not_understood_is_answered_and_the_connection_stays(
    lightd: Lightd, running: str, text: str, sentence: str
) -> None:
    with lightd.socket(running) as viewer:
        viewer.send_text(text)

        answer = viewer.wait_for(lambda m: m["event"] == "daemon_message")
        assert answer == {"event": "daemon_message", "data": f"Error: {sentence}"}
        viewer.command("still here")
        viewer.wait_for_output("got still here")


def test_a_stopped_container_takes_no_command(lightd: Lightd, stopped: str) -> None:
    with lightd.socket(stopped) as viewer:
        viewer.command("hello?")

        viewer.wait_for(lambda m: m.get("data") == "Error: The container is not running")


def test_history_outlives_the_process(lightd: Lightd, running: str) -> None:
    lightd.act(running, "kill")
    lightd.wait_state(running, "ready")

    with lightd.socket(running) as viewer:
        assert "Hello" in ask_for_logs(viewer)["data"]


def test_a_delete_is_told(lightd: Lightd) -> None:
    container = lightd.create()
    with lightd.socket(container) as viewer:
        ask_for_logs(viewer)
        assert lightd.http.delete(f"/containers/{container}").status_code == 200

        viewer.wait_for_event("deleted")
