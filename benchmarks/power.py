"""From a power request to its answer, to Docker, and to a viewer."""

from __future__ import annotations

import threading
import time
from typing import Any

import docker

from benchmarks.figures import Row, median, milliseconds, percentile
from tests.e2e.server import Lightd
from tests.engine import IMAGE
from tests.waiting import wait_until

ROUNDS = 25
SLEEP = "exec sleep infinity"
PING = "/api/v1/public/ping"


class Starts:
    """When Docker says that it started each container: its event stream, in its own clock."""

    def __init__(self, client: docker.APIClient) -> None:
        self._stream = client.events(decode=True, filters={"type": "container", "event": "start"})
        self._at: dict[str, list[int]] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for message in self._stream:
            self._at.setdefault(message["Actor"]["ID"], []).append(message["timeNano"])

    def after(self, docker_id: str, moment: int) -> int:
        """The first start of a container after `moment`, both in nanoseconds since 1970."""
        return wait_until(
            lambda: next((at for at in self._at.get(docker_id, []) if at >= moment), 0), 10, "Docker's start", 0.005
        )

    def close(self) -> None:
        self._stream.close()


def measure(site: Lightd, call_bar: float) -> list[Row]:
    """Our starts and Docker's own, taken in turns so that noise meets both alike.

    Args:
        call_bar: milliseconds from the request to Docker's start call; a worker that polls takes longer to hear of it.
    """
    client = site.engine.client()
    starts = Starts(client)
    plain = Ours(site, starts, site.create(startup_command=SLEEP))
    patterned = Ours(site, starts, site.create(startup_command=f"echo Hello; {SLEEP}", start_pattern="Hello"))
    bare = Bare(client, starts, site.inspect(plain.internal_id))
    pings: list[float] = []
    try:
        for _ in range(ROUNDS):
            for one in (bare, plain, patterned):
                one.start()
                one.kill()
            pings += [milliseconds(lambda: site.http.get(PING)) for _ in range(4)]
    finally:
        bare.remove()
        starts.close()
    to_event, raw_event = median(plain.events), median(bare.events)
    return [
        Row(
            "power request answered, p95",
            percentile(plain.answers + patterned.answers, 0.95),
            "ms",
            50,
            percentile(pings, 0.95),
            "ping route, p95",
        ),
        Row("request → Docker's start event, median", to_event, "ms", None, raw_event, "start call → its event"),
        Row("request → Docker's start call, median", to_event - raw_event, "ms", call_bar),
        Row(
            "our share of a start, median",
            median(plain.shown) - median(bare.calls),
            "ms",
            250,
            median(bare.calls),
            "docker start",
        ),
        Row(
            "the same with a start pattern",
            median(patterned.shown) - median(bare.calls),
            "ms",
            250,
            median(bare.calls),
            "docker start",
        ),
    ]


class Ours:
    """Starts through the API, with a viewer on the socket. Times in milliseconds."""

    def __init__(self, site: Lightd, starts: Starts, internal_id: str) -> None:
        self.internal_id = internal_id
        self._site = site
        self._starts = starts
        self._viewer = site.socket(internal_id)
        self._docker_id = site.inspect(internal_id)["Id"]
        self.answers: list[float] = []
        self.events: list[float] = []
        self.shown: list[float] = []

    def start(self) -> None:
        seen = len(self._viewer.messages)
        asked, begun = time.time_ns(), time.perf_counter()
        self.answers.append(milliseconds(lambda: self._site.act(self.internal_id, "start")))
        self._viewer.wait_for_event("running", after=seen)
        self.shown.append((time.perf_counter() - begun) * 1000)
        self.events.append((self._starts.after(self._docker_id, asked) - asked) / 1e6)

    def kill(self) -> None:
        seen = len(self._viewer.messages)
        self.answers.append(milliseconds(lambda: self._site.act(self.internal_id, "kill")))
        self._viewer.wait_for_event("exit", after=seen)
        self._site.wait_state(self.internal_id, "ready")


class Bare:
    """The same container, made and started by Docker's API alone."""

    def __init__(self, client: docker.APIClient, starts: Starts, like: dict[str, Any]) -> None:
        self._client = client
        self._starts = starts
        host = {**like["HostConfig"], "Mounts": None, "Binds": None}
        body = {"Image": IMAGE, "Cmd": ["sh", "-c", SLEEP], "Tty": True, "OpenStdin": True, "HostConfig": host}
        self._id = client.create_container_from_config(body)["Id"]
        self.calls: list[float] = []
        self.events: list[float] = []

    def start(self) -> None:
        asked = time.time_ns()
        self.calls.append(milliseconds(lambda: self._client.start(self._id)))
        self.events.append((self._starts.after(self._id, asked) - asked) / 1e6)

    def kill(self) -> None:
        self._client.kill(self._id)
        self._client.wait(self._id)

    def remove(self) -> None:
        self._client.remove_container(self._id, force=True)
