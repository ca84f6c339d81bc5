"""What waits for a viewer is bounded, and comes once."""

from containers.sockets.groups import OutputMessage, RefusalMessage
from containers.sockets.viewer import MAX_ANSWERS, MAX_WAITING, Viewer


def output(start: int, data: str) -> OutputMessage:
    return OutputMessage(type="console.output", container_id="c", data=data, start=start, end=start + len(data))


async def test_output_that_came_with_the_history_does_not_come_again() -> None:
    viewer = Viewer()
    viewer.offer_output(output(0, "one\n"))
    viewer.offer_output(output(4, "two\n"))
    viewer.skip_to(4)

    assert (await viewer.next())["data"] == "two\n"


async def test_of_a_batch_that_came_in_part_the_rest_is_read_from_the_history() -> None:
    viewer = Viewer()
    viewer.offer_output(output(0, "one two\n"))
    viewer.offer_output(output(8, "three\n"))
    viewer.skip_to(4)

    assert await viewer.next() == {"event": "replay", "since": 4, "to": 8}
    viewer.skip_to(8)
    assert (await viewer.next())["data"] == "three\n"


async def test_a_slow_viewer_is_told_how_many_lines_it_missed() -> None:
    viewer = Viewer()
    line = "x" * 1023 + "\n"
    fit = MAX_WAITING // len(line)
    for number in range(fit + 5):
        viewer.offer_output(output(number * len(line), line))

    for _ in range(fit):
        assert (await viewer.next())["data"] == line
    told = await viewer.next()

    assert told == {"event": "daemon_message", "data": "5 lines were left out: this connection is too slow"}


async def test_answers_that_are_not_read_do_not_pile_up() -> None:
    viewer = Viewer()
    for _ in range(100):
        viewer.offer({"event": "logs", "data": "x" * (1 << 20), "seq": 0})
    viewer.offer_output(output(0, "live\n"))

    answers = 0
    while (await viewer.next())["event"] == "logs":
        answers += 1

    assert answers == MAX_ANSWERS >> 20


async def test_a_refusal_is_for_who_typed() -> None:
    who, other = Viewer(), Viewer()
    for viewer in (who, other):
        viewer.offer_refusal(
            RefusalMessage(type="console.refusal", container_id="c", viewer=who.name, sentence="it takes no input")
        )
        viewer.offer_output(output(0, "live\n"))

    assert await who.next() == {"event": "daemon_message", "data": "Error: it takes no input"}
    assert (await other.next())["data"] == "live\n"
