"""Whether what the API says of a container is what Docker, the pool and the queue say."""

from typing import Any

from tests.e2e.server import Lightd
from tests.waiting import wait_until

RETURN = 10.0  # seconds after the return of whatever was away


def untrue(lightd: Lightd, internal_id: str) -> str:
    """What is wrong about the container; empty if all agree."""
    shown = lightd.get(internal_id)
    present = lightd.in_docker(internal_id)
    if len(present) > 1:
        return f"{len(present)} containers in Docker"
    if shown["container_id"] and [one["Id"][:12] for one in present] != [shown["container_id"]]:
        return f"shows {shown['container_id']}, Docker has {present}"
    runs = bool(present) and present[0]["State"] == "running"
    if (shown["state"] in {"running", "starting"} and not runs) or (shown["state"] in {"ready", "failed"} and runs):
        return f"is {shown['state']}, and Docker says {[one['State'] for one in present]}"
    held = sorted(port["port"] for port in pool_of(lightd, internal_id))
    if held != sorted(port["host_port"] for port in shown["ports"]):
        return f"shows the ports {shown['ports']}, holds {held}"
    if runs and (published := ports_published(present[0])) != held:
        return f"holds the ports {held}, publishes {published}"
    return ""


def pool_of(lightd: Lightd, internal_id: str) -> list[dict[str, Any]]:
    rows = lightd.http.get("/network/ports").json()["ports"]
    return [row for row in rows if row["internal_id"] == internal_id]


def ports_published(container: dict[str, Any]) -> list[int]:
    return sorted({port["PublicPort"] for port in container["Ports"] if "PublicPort" in port})


def wait_true(lightd: Lightd, internal_id: str, *states: str, timeout: float = RETURN) -> dict[str, Any]:
    """Waits until the container is in one of these states, and all agree about it."""
    wrong = ""

    def is_true() -> bool:
        nonlocal wrong
        state = lightd.state(internal_id)
        wrong = untrue(lightd, internal_id) if state in states else f"is {state}"
        return not wrong

    try:
        wait_until(is_true, timeout, f"{internal_id} is {' or '.join(states)}")
    except AssertionError as error:
        events = lightd.http.get(f"/containers/{internal_id}/events").json()["events"]
        said = "\n".join(f"{event['kind']}: {event['message']}" for event in reversed(events))
        error.add_note(f"{wrong}; error: {lightd.get(internal_id)['error']}\n{said}")
        raise
    return lightd.get(internal_id)
