"""Redis and PostgreSQL go away for a while, and come back: nothing that was accepted or printed is lost."""

import re
import time

from tests.e2e.grown import GrownLightd
from tests.waiting import wait_until

COUNTER = "bash -c 'i=0; while true; do echo \"n$i.\"; i=$((i + 1)); sleep 0.05; done'"
AWAY = 5  # seconds


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"n(\d+)\.", text)]


def test_a_viewer_has_every_line_and_event_though_redis_was_away(grown_lightd: GrownLightd) -> None:
    container, quiet = grown_lightd.create(startup_command=COUNTER), grown_lightd.create()
    viewer, other = grown_lightd.socket(container), grown_lightd.socket(quiet)
    grown_lightd.start_and_wait(container)
    viewer.wait_for_output("n5.")

    with grown_lightd.redis.away():
        grown_lightd.act(quiet, "start")  # accepted: 202
        late = grown_lightd.socket(container)
        viewer.command("ignored")
        viewer.wait_for(lambda message: "could not be sent" in str(message.get("data")))
        time.sleep(AWAY)

    other.wait_for_event("running", timeout=60)
    last = len(numbers(viewer.output)) + 20
    viewer.wait_for_output(f"n{last}.", timeout=60)
    late.wait_for_output(f"n{last}.", timeout=60)
    seen = numbers(viewer.output)
    assert seen == list(range(seen[-1] + 1))
    seen = numbers(late.output)
    assert seen == list(range(seen[0], seen[-1] + 1))
    told = [message["data"] for message in other.messages if message["event"] == "event"]
    # The state is true before the viewers are told of it: one who comes in between hears of the installation too.
    assert [word for word in told if word not in ("installing", "installed")] == ["starting", "running"]
    grown_lightd.act(container, "kill")
    viewer.wait_for_event("exit")


def test_what_was_printed_last_is_shown_though_nothing_follows(grown_lightd: GrownLightd) -> None:
    last = "until [ -e go ]; do sleep 0.05; done; echo the last; touch printed; exec sleep infinity"
    container = grown_lightd.create(startup_command=f"bash -c 'echo Hello; {last}'")
    files = grown_lightd.files(container)
    viewer = grown_lightd.socket(container)
    grown_lightd.start_and_wait(container)
    viewer.wait_for_output("Hello")

    with grown_lightd.redis.away():
        (files / "go").touch()
        wait_until((files / "printed").exists, 30, "it is printed while Redis is away")
        time.sleep(AWAY)

    viewer.wait_for_output("the last")


def test_all_goes_on_after_postgres_was_restarted(grown_lightd: GrownLightd) -> None:
    container = grown_lightd.create(startup_command=COUNTER)
    viewer = grown_lightd.socket(container)
    grown_lightd.start_and_wait(container)

    grown_lightd.postgres.restart()

    wait_until(lambda: grown_lightd.http.get("/containers").status_code == 200, 30, "the web answers")
    before = len(viewer.messages)
    grown_lightd.act(container, "kill")
    viewer.wait_for_event("exit", after=before)
    grown_lightd.start_and_wait(container)
    grown_lightd.wait_ready()
    wait_until(lambda: numbers(viewer.output).count(0) == 2, 30, "its lines are shown again")
    seen = numbers(viewer.output)
    again = seen.index(0, 1)
    assert seen == [*range(again), *range(len(seen) - again)]


def test_health_says_so_while_postgres_is_away(grown_lightd: GrownLightd) -> None:
    with grown_lightd.postgres.away():
        live, ready = (grown_lightd.http.get(f"/health/{what}") for what in ("live", "ready"))

    assert (live.status_code, live.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (
        503,
        {
            "error": "Not well: database, engine, workers, supervisor",
            "status": "degraded",
            "database": "unreachable: OperationalError",
            **dict.fromkeys(("engine", "workers", "supervisor"), "unknown: no database"),
        },
    )
    grown_lightd.wait_ready()


def test_each_part_comes_back_alone(grown_lightd: GrownLightd) -> None:
    container = grown_lightd.create(startup_command=COUNTER)
    viewer = grown_lightd.socket(container)
    grown_lightd.start_and_wait(container)
    viewer.wait_for_output("n5.")

    grown_lightd.kill_role("supervisor")
    grown_lightd.start()
    viewer.wait_for_output(f"n{len(numbers(viewer.output)) + 40}.", timeout=60)
    seen = numbers(viewer.output)
    assert seen == list(range(seen[-1] + 1))

    grown_lightd.kill_role("web")
    grown_lightd.start()
    grown_lightd.act(container, "kill")
    grown_lightd.wait_state(container, "ready")
